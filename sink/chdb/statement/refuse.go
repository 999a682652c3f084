package statement

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// SessionSetting is the setting that holds a secret token of each session, by which package engine finds and kills the
// session's statement. Clients may not change it. libchdb leaves no better place: query ids cannot be chosen, custom
// settings are not allowed, and log_comment belongs to the client. This setting of libchdb only tells other hosts a name,
// and the engine calls no other host.
const SessionSetting = "chdb_client_name"

// Denied is an ACCESS_DENIED that says what is refused, why, and what to do instead.
func Denied(what, instead string) *exception.Error {
	return exception.Newf(proto.ErrAccessDenied, "Not enough privileges: %s is not available in the embedded engine, "+
		"because it would reach outside of it. Instead: %s", what, instead)
}

// refuse returns an ACCESS_DENIED for a statement that reaches outside the engine although neither grants nor readonly stop
// it: INTO OUTFILE and FROM INFILE, which the library carries out itself; the function file and its like, also inside a string, because
// settings and dictionaries evaluate strings; the table function format, which evaluates its argument; and dictionaries and
// disks that run commands or use files and the network.
func (p *parser) refuse() error {
	if p.takesDatabaseAway() {
		return Denied("taking away the database default or system", "drop, rename or detach databases of your own, by their names.")
	}
	dictionary := false
	for i := range p.tokens {
		switch p.keyword(i) {
		case "OUTFILE":
			if p.keyword(i-1) == "INTO" && (p.keyword(i-2) != "INSERT" || !p.namesTableBefore(i)) {
				return Denied("INTO OUTFILE", "leave it out and let the client write the answer to a file.")
			}
		case "INFILE":
			if p.keyword(i-1) == "FROM" && !p.namesTableBefore(i) {
				return Denied("FROM INFILE", "send the rows with the request: INSERT INTO … FORMAT …, then the file's content.")
			}
		case "DICTIONARY":
			dictionary = true
		}
		if p.hasUnusualEscape(i) {
			return Denied("an escape such as in "+Excerpt(p.at(i)), "write the character itself.")
		}
		if err := p.refuseCall(i); err != nil {
			return err
		}
		if strings.EqualFold(p.name(i), "disk") && p.at(i+1) == "(" && p.at(i-1) == "=" {
			return Denied("a disk defined in a query", "leave the setting out: tables live in the data directory.")
		}
		if dictionary && p.keyword(i) == "SOURCE" && p.at(i+1) == "(" {
			if err := p.refuseSource(i + 2); err != nil {
				return err
			}
		}
		parameter := p.at(i-1) == "=" && strings.HasPrefix(p.name(i-2), "param_") // nothing evaluates a parameter's value
		if p.tokens[i].kind == literal && !parameter && containsOutsideCall(p.at(i), maxStringNesting) {
			return Denied("a call of file, sqlite, executable or eval inside a string",
				"insert the content into a table; a text that only looks like one goes in as a row or a parameter's value.")
		}
	}
	return nil
}

// takesDatabaseAway says whether the statement drops, detaches, renames or empties a database that every session needs, or
// one whose name a parameter gives.
func (p *parser) takesDatabaseAway() bool {
	switch p.lead() {
	case "DROP", "DETACH", "RENAME", "TRUNCATE", "EXCHANGE":
	default:
		return false
	}
	database := -1
	for i := range p.tokens {
		if p.keyword(i) == "DATABASE" && database < 0 && i <= 4 {
			database = i
		}
		if database < 0 || i <= database {
			continue
		}
		switch strings.ToLower(p.name(i)) {
		case "default", "system", "information_schema":
			return true
		}
		if p.at(i) == "{" {
			return true
		}
	}
	return false
}

// hasUnusualEscape says whether token i has an escape sequence that ClickHouse may read in another way than unquote: any but
// of a quote or backslash in a name, and \x without two hexadecimal digits in a text. What a name is compared with would not
// be what the engine calls.
func (p *parser) hasUnusualEscape(i int) bool {
	kind, text := p.tokens[i].kind, p.at(i)
	if kind != quoted && (kind != literal || text[0] != '\'') {
		return false
	}
	for at := strings.IndexByte(text, '\\'); at >= 0 && at+1 < len(text); {
		escaped := text[at+1:]
		switch {
		case kind == quoted && strings.IndexByte("\\`\"'", escaped[0]) < 0:
			return true
		case escaped[0] == 'x' && !(len(escaped) > 2 && isHex(escaped[1]) && isHex(escaped[2])):
			return true
		}
		next := strings.IndexByte(escaped[1:], '\\')
		if next < 0 {
			break
		}
		at += 2 + next
	}
	return false
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// refuseCall refuses a call at token i that reaches outside the engine, and the use of SessionSetting.
func (p *parser) refuseCall(i int) error {
	switch {
	case p.name(i) == SessionSetting:
		return Denied("the setting "+SessionSetting, "name a client by log_comment.")
	case p.callsOutside(i):
		return Denied(Excerpt(p.at(i)), "insert the content into a table.")
	case isExpressionSetting(p.name(i)) && p.at(i+1) == "=" && len(p.parameters()) > 0:
		return Denied("a placeholder beside the setting "+p.name(i), "write the setting's expression in the text.")
	case p.buildsStructure(i):
		return Denied("a computed structure of "+Excerpt(p.at(i)), "write the structure as one string.")
	case p.callsFormat(i):
		return Denied("the table function format", "INSERT INTO … FORMAT …, or the function format('… {} …', …) with a pattern in the text.")
	}
	return nil
}

// maxStringNesting is how many levels of strings inside strings are searched; a deeper one is refused.
const maxStringNesting = 6

// containsOutsideCall says whether a string literal holds a call that reaches outside the engine. A text such as "file(1)",
// the name of a second copy, is no such call.
func containsOutsideCall(quoted string, nesting int) bool {
	text := literalText(quoted)
	if !strings.Contains(text, "(") {
		return false
	}
	if nesting == 0 {
		return true
	}
	p := tokenize(text)
	for i, t := range p.tokens {
		if t.kind == literal && containsOutsideCall(p.at(i), nesting-1) {
			return true
		}
		if isOutsideFunction(p.name(i)) && (p.callsOutside(i) || p.at(i+1) == "(") && !(p.at(i+1) == "(" && p.cannotBeginText(i+2)) {
			return true
		}
	}
	return false
}

// cannotBeginText says whether no argument that is a text can begin at token i, so that the parenthesis before it belongs
// to prose rather than to a call.
func (p *parser) cannotBeginText(i int) bool {
	if i >= len(p.tokens) {
		return true
	}
	switch p.tokens[i].kind {
	case number, invalid:
		return true
	case punctuation:
		return !strings.Contains("({[@", p.at(i))
	}
	return false
}

// namesTableBefore says whether OUTFILE or INFILE at token i is a table's name, because no file name follows it.
func (p *parser) namesTableBefore(i int) bool {
	if i+1 >= len(p.tokens) {
		return true
	}
	return p.tokens[i+1].kind == word || p.at(i+1) == "(" || p.at(i+1) == "." || p.at(i+1) == ")" || p.at(i+1) == ","
}

// isOutsideFunction says whether name is a function or table engine that uses files or runs commands before the engine looks
// at a grant, or for which ClickHouse has no grant; or that makes statements of data, which nothing here has checked.
func isOutsideFunction(name string) bool {
	switch strings.ToLower(name) {
	case "file", "filelog", "sqlite", "executable", "executablepool", "eval", "queryrunner":
		return true
	}
	return false
}

// callsOutside says whether token i calls such a function, directly or through APPLY, or is such a table engine. A table,
// column or database of that name is neither.
func (p *parser) callsOutside(i int) bool {
	if !isOutsideFunction(p.name(i)) {
		return false
	}
	if p.keyword(i-1) == "APPLY" || p.at(i-1) == "(" && p.keyword(i-2) == "APPLY" {
		return true
	}
	if p.keyword(i-1) == "ENGINE" || p.at(i-1) == "=" && p.keyword(i-2) == "ENGINE" {
		return true
	}
	return p.at(i+1) == "(" && !p.namesTable(i)
}

// callsFormat says whether token i may be the table function format. The harmless function format has a pattern with braces
// as its first argument; the table function has a format's name, which has none.
func (p *parser) callsFormat(i int) bool {
	if !strings.EqualFold(p.name(i), "format") || p.at(i+1) != "(" || p.namesTable(i) {
		return false
	}
	return i+2 >= len(p.tokens) || p.tokens[i+2].kind != literal || !strings.Contains(literalText(p.at(i+2)), "{")
}

// isExpressionSetting says whether the setting's value is an expression that the engine evaluates. Parse has to see the
// expression itself, so a placeholder beside it is refused.
func isExpressionSetting(setting string) bool {
	switch setting {
	case "additional_result_filter", "additional_table_filters", "parallel_replicas_custom_key", "schema_inference_hints":
		return true
	}
	return false
}

// buildsStructure says whether token i is a table function whose structure is computed rather than one string. A structure
// may have DEFAULT expressions, which the engine evaluates, and Parse has to see them.
func (p *parser) buildsStructure(i int) bool {
	switch strings.ToLower(p.name(i)) {
	case "generaterandom", "null", "values", "input", "fuzzjson":
	default:
		return false
	}
	if p.at(i+1) != "(" || p.namesTable(i) || i+2 >= len(p.tokens) {
		return false
	}
	switch first, after := p.tokens[i+2], p.at(i+3); {
	case first.kind == literal:
		return after != "," && after != ")"
	case first.kind == number:
		return false
	}
	return p.at(i+2) != "(" && p.at(i+2) != ")"
}

// namesTable says whether token i names a table, view or dictionary rather than calls a function.
func (p *parser) namesTable(i int) bool {
	switch p.keyword(i - 1) {
	case "INTO", "TABLE", "EXISTS", "VIEW", "DICTIONARY":
		return true
	}
	return p.at(i-1) == "."
}

// refuseSource refuses a dictionary's SOURCE(…), whose first token is i, unless it is NULL or a table or query of this
// engine.
func (p *parser) refuseSource(i int) error {
	const instead = "SOURCE(CLICKHOUSE(TABLE …)) or SOURCE(CLICKHOUSE(QUERY …)) on this engine's own tables."
	switch kind := strings.ToLower(p.name(i)); kind {
	case "null":
		return nil
	case "clickhouse":
	default:
		return Denied("a dictionary from "+Excerpt(p.at(i)), instead)
	}
	for depth := p.depth[i]; i < len(p.tokens) && p.depth[i] >= depth; i++ {
		if strings.EqualFold(p.name(i), "host") {
			if host := p.at(i + 1); host != "'localhost'" && host != "'127.0.0.1'" {
				return Denied("a dictionary from another host", instead)
			}
		}
		if strings.EqualFold(p.name(i), "name") {
			return Denied("a dictionary from a named collection", instead)
		}
	}
	return nil
}

// ReadsOnly says whether the statement only reads, or changes only the session. ClickHouse's readonly=2 allows more: KILL
// QUERY and temporary tables.
func (s Statement) ReadsOnly() bool {
	switch s.lead {
	case "SELECT", "WITH", "FROM", "(", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "SET", "USE":
		return s.Kind != Insert
	}
	return false
}
