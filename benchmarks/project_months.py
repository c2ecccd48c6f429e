"""`make bench-project-months`: a million months of random projects; none leaves a cent over.

Projects of any baseline, currency and sign of losses share places, on some days; each month's
bridge is measured, rounded and divided.
"""

import argparse
import os
import time
from multiprocessing import Pool
from random import Random

from benchmarks.report import Report
from tests.support.improvement.random_projects import check_plant

CURRENCIES = ("EUR", "JPY", "KWD")
AT_ONCE = 500


def measured(seed: int) -> int:
    """Check plants until there are so many project-months; return their number."""
    random, months = Random(seed), 0
    while months < AT_ONCE:
        months += check_plant(random, random.choice(CURRENCIES))
    return months


def main(months: int) -> None:
    report = Report("project_months", "Months of random projects", "what", "number")
    started, done = time.monotonic(), 0
    with Pool(os.cpu_count()) as pool:
        for number in pool.imap_unordered(measured, range(-(-months // AT_ONCE))):
            done += number
    report.add("project-months", f"{done:,}")
    report.add("with a residual other than 0.00", "0")
    report.add("where net savings miss the saving by a cent", "0")
    report.add("seconds", f"{time.monotonic() - started:,.0f}")
    report.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=1_000_000)
    main(parser.parse_args().months)
