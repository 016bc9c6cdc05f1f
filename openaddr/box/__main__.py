"""`python -m openaddr.box FD`: the fork server."""

import socket
import sys

from openaddr.box.forkserver import serve

if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
