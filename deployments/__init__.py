"""How it gets there: the whole stack on one machine (`embedded`, `stack`) and what Prefect has to know (`setup`)."""
