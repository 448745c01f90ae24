"""Jobs lost and doubled in a thousand, when workers are killed or frozen: this queue beside others."""
