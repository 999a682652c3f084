package statement

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// SessionSetting is the setting that carries a secret token of each session, by which the engine's owner finds and kills
// what the session runs: libchdb lets nobody choose query ids, allows no custom settings, and log_comment belongs to the
// client. The setting is one of libchdb's own and otherwise tells other hosts a name; the engine calls no other hosts.
// Clients may not change it.
const SessionSetting = "chdb_client_name"

// Denied is ClickHouse's ACCESS_DENIED with what, why and what to do instead.
func Denied(what, instead string) *exception.Error {
	return exception.Newf(proto.ErrAccessDenied, "Not enough privileges: %s is not available in the embedded engine, "+
		"because it would reach outside of it. Instead: %s", what, instead)
}

// refuse answers statements that grants and readonly do not stop although they leave the engine: INTO OUTFILE and
// FROM INFILE, which the library carries out as the client; the file function, also where a string holds it, since
// settings and dictionaries evaluate strings; the table function format, which evaluates any it is given; dictionaries
// and disks that run commands or use files and the network.
func (p *parser) refuse() error {
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
		parameter := p.at(i-1) == "=" && strings.HasPrefix(p.name(i-2), "param_") // a value, which nothing evaluates
		if p.tokens[i].kind == literal && !parameter && containsOutsideCall(p.at(i), maxStringNesting) {
			return Denied("a call of file, sqlite or executable inside a string",
				"insert the content into a table; a text that only looks like one goes in as a row or a parameter's value.")
		}
	}
	return nil
}

// refuseCall answers a call at token i that leaves the engine, and the setting that sessions are found by.
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

// maxStringNesting bounds how deep strings in strings are looked into; what is deeper is refused.
const maxStringNesting = 6

// containsOutsideCall says whether a string literal holds an expression that leaves the engine. "file(1)", as in the name of a
// second copy, is no such expression.
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

// cannotBeginText says whether no text can begin at token i, so that what precedes it is prose rather than a call.
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

// namesTableBefore says whether OUTFILE or INFILE at token i is the name of a table, since no file name follows.
func (p *parser) namesTableBefore(i int) bool {
	if i+1 >= len(p.tokens) {
		return true
	}
	return p.tokens[i+1].kind == word || p.at(i+1) == "(" || p.at(i+1) == "." || p.at(i+1) == ")" || p.at(i+1) == ","
}

// isOutsideFunction are the functions and table engines that touch files or run commands before the engine looks at any grant, or
// that it has no grant for.
func isOutsideFunction(name string) bool {
	switch strings.ToLower(name) {
	case "file", "sqlite", "executable", "executablepool":
		return true
	}
	return false
}

// callsOutside says whether token i calls such a function, directly or through APPLY, or names such an engine, and is not
// a table, column or database of that name.
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

// callsFormat says whether token i may be the table function format: the function of that name begins with a pattern,
// and a pattern has braces, which no name of a format has.
func (p *parser) callsFormat(i int) bool {
	if !strings.EqualFold(p.name(i), "format") || p.at(i+1) != "(" || p.namesTable(i) {
		return false
	}
	return i+2 >= len(p.tokens) || p.tokens[i+2].kind != literal || !strings.Contains(literalText(p.at(i+2)), "{")
}

// isExpressionSetting are the settings whose value is an expression: Parse must see it.
func isExpressionSetting(setting string) bool {
	switch setting {
	case "additional_result_filter", "additional_table_filters", "parallel_replicas_custom_key", "schema_inference_hints":
		return true
	}
	return false
}

// buildsStructure says whether token i is a table function whose structure is more than one string: a structure has DEFAULT
// expressions, which the engine evaluates, and Parse must see them.
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

// namesTable says whether token i is the name of a table or the like rather than a call.
func (p *parser) namesTable(i int) bool {
	switch p.keyword(i - 1) {
	case "INTO", "TABLE", "EXISTS", "VIEW", "DICTIONARY":
		return true
	}
	return p.at(i-1) == "."
}

// refuseSource allows a dictionary's SOURCE(…) to be a table or query of this engine, or nothing at all.
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

// ReadsOnly says whether the statement reads, or changes the session alone. ClickHouse's readonly=2 lets more through: KILL
// QUERY and temporary tables.
func (s Statement) ReadsOnly() bool {
	switch s.lead {
	case "SELECT", "WITH", "FROM", "(", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "SET", "USE":
		return s.Kind != Insert
	}
	return false
}
