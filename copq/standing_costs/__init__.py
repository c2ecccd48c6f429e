"""Standing costs of appraisal and prevention by the month: salaries, contracts, depreciation."""
