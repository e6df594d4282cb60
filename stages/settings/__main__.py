"""Check all settings at once, before any stage works: ``python -m stages.settings``.

A data stage runs this first, so that a wrong ``norm`` does not show up after hours of cropping. It changes
no output, so that dvc.yaml need not list the settings of every stage as dependencies of each.
"""

from stages.settings.check import check_all
from stages.shared.running import run

if __name__ == "__main__":
    run(check_all)
