package present

// The formats in which results are printed. Not every result has every format;
// what is none of its others is its table or text.
const (
	FormatTable    = "table"
	FormatText     = "text"
	FormatMarkdown = "md"
	FormatHTML     = "html"
	FormatCSV      = "csv"
	FormatJSON     = "json"
	FormatYAML     = "yaml"
)
