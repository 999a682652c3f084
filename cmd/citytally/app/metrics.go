package app

import _ "embed"

// MetricsTable is a Markdown table with a row for each metric that citytally
// registers. A test keeps it so.
//
//go:embed metrics.md
var MetricsTable string
