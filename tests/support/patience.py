"""How long a test waits for what must happen. It measures nothing: a busy machine may take long.

Set COPQ_PATIENCE_S lower to see a test fail sooner.
"""

import os

PATIENCE_S = float(os.environ.get("COPQ_PATIENCE_S", "600"))
