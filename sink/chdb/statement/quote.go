package statement

import "strings"

var (
	stringEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)
	nameEscapes   = strings.NewReplacer(`\`, `\\`, "`", "\\`", "\x00", `\0`)
)

// QuoteString writes s as a string literal of ClickHouse's SQL.
func QuoteString(s string) string { return "'" + stringEscapes.Replace(s) + "'" }

// QuoteName writes s as an identifier of ClickHouse's SQL, in backquotes.
func QuoteName(s string) string { return "`" + nameEscapes.Replace(s) + "`" }

// IsPlainName says whether name is an identifier without quotes.
func IsPlainName(name string) bool {
	for i := range len(name) {
		if !isWord(name[i]) || i == 0 && isDigit(name[i]) {
			return false
		}
	}
	return name != ""
}
