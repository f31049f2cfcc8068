"""``python -m medmm`` is the command ``medmm``."""

from medmm.cli.main import main

main()
