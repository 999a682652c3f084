package app

import _ "embed"

// MetricsTable is a Markdown table with a row for each metric that citytally
// registers. A test holds the table and the registered metrics together.
//
//go:embed metrics.md
var MetricsTable string
