"""The pack for a management review: its pages, as PDF and as an Excel workbook, and its sending."""
