"""Where GitHub tells us what happened: `openaddr webhook`.

- `application` has the two addresses, POST /hook and GET /health, and says everything in JSON.
- `bodies` takes what is sent within limits of bytes, time and memory; `receiving` looks at the signature, reads what
  is asked, and writes it down before it is answered.
- `dispatching` asks Prefect to begin after the answer; `serving` is the program.
"""
