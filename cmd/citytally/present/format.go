package present

// The formats in which results are printed. A result that does not have a format is
// printed as a table, or as text.
const (
	FormatTable    = "table"
	FormatText     = "text"
	FormatMarkdown = "md"
	FormatHTML     = "html"
	FormatCSV      = "csv"
	FormatJSON     = "json"
	FormatYAML     = "yaml"
)
