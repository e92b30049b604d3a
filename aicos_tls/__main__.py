"""`python -m aicos_tls`."""

from aicos_tls.cli import main

if __name__ == "__main__":
    main()
