"""`python -m diachron`."""

from diachron.cli import main

if __name__ == "__main__":
    main()
