"""The name of costing among the stages; `copq/kafka/metrics.py` has the metrics of all stages."""

STAGE = "costing"
