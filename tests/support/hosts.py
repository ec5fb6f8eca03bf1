"""The host of the bundled sources, which tests share: loading them takes longer than most tests."""

from springhead import Host

HOST = Host(environ={"SPRINGHEAD_PLUGINS": "springhead"})
