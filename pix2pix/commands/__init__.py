"""The subcommands of ``pix2pix``: the words of each, and the call of the room that does the work.

Knows no settings of the stages. A module's ``add_arguments`` says what its command takes, and ``run`` does
it; only ``run`` imports more than the words, so that ``--help`` waits for nothing.
"""
