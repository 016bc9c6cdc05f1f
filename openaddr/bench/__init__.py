"""The contributor's bench: look at data (`explore`), at its first rows (`sample`), begin a source file (`new`)."""
