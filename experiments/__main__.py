from dl.cli import main

raise SystemExit(main("experiments"))
