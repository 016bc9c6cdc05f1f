"""The box: each stage of a run works in a process of its own, which can reach its folder and little else.

Source files and the data behind them come from strangers, and go through programs of a million lines. A stage runs in
a child (`child`) that a warm fork server (`forkserver`) makes; it is confined by three layers, each in a module:
`limits` (memory, file size, processor time), `files` (Landlock: what may be read and written) and `calls` (seccomp: no
network, no programs, no doors of the kernel). The parent (`supervisor`) keeps the secrets, watches time and memory, and
believes nothing that comes out before it has been checked (`messages`).
"""

from openaddr.box.confinement import Confinement, layers
from openaddr.box.supervisor import Box, BoxedError, Use

__all__ = ["Box", "BoxedError", "Confinement", "Use", "layers"]
