package statement

import (
	"strings"

	"github.com/citytally/citytally/sink/chdb/judged"
)

// refuseCall refuses a call at token i that reaches outside the engine.
func (p *parser) refuseCall(i int) error {
	switch {
	case p.callsOutside(i):
		return Denied(Excerpt(p.at(i)), "insert the content into a table.")
	case p.buildsStructure(i):
		return Denied("a computed structure of "+Excerpt(p.at(i)), "write the structure as one string.")
	case p.takesStructure(i) && p.holdsOutsideCall(i+2):
		return Denied("a call in the structure of "+Excerpt(p.at(i)), "write the columns' names and types alone.")
	case p.callsFormat(i):
		return Denied("the table function format", "INSERT INTO … FORMAT …; the function format works where an expression stands.")
	}
	return nil
}

// isOutsideFunction says whether package judged refuses the function or table function of that name: it uses files, the network
// or commands, tells of the machine, or makes statements of data, which nothing here has checked.
func isOutsideFunction(name string) bool {
	if name == "" {
		return false
	}
	function, _ := judged.Functions.Of(name)
	table, _ := judged.TableFunctions.Of(name)
	return function == judged.Refused || table == judged.Refused
}

// callsOutside says whether token i calls such a function, directly or through APPLY, or is an engine that package judged
// refuses. A table, column or database of that name is neither.
func (p *parser) callsOutside(i int) bool {
	name := p.name(i)
	if p.keyword(i-1) == "ENGINE" || p.at(i-1) == "=" && p.keyword(i-2) == "ENGINE" {
		return p.isOutsideEngine(name)
	}
	if !isOutsideFunction(name) {
		return false
	}
	if p.keyword(i-1) == "APPLY" || p.at(i-1) == "(" && p.keyword(i-2) == "APPLY" {
		return true
	}
	return p.at(i+1) == "(" && !p.namesTable(i)
}

// isOutsideEngine says whether package judged refuses the engine of that name, of a database where the statement is about
// databases.
func (p *parser) isOutsideEngine(name string) bool {
	kind := judged.TableEngines
	for i := range min(len(p.tokens), 4) { // CREATE OR REPLACE DATABASE
		if p.keyword(i) == "DATABASE" {
			kind = judged.DatabaseEngines
		}
	}
	verdict, _ := kind.Of(name)
	return verdict == judged.Refused
}

// maxStringNesting is how many levels of strings inside strings are searched; a deeper one is refused.
const maxStringNesting = 6

// holdsOutsideCall says whether a string between the parenthesis before token i and its counterpart holds a call that reaches
// outside the engine.
func (p *parser) holdsOutsideCall(i int) bool {
	for open := 1; i < len(p.tokens) && open > 0; i++ {
		switch {
		case p.tokens[i].kind == literal:
			if containsOutsideCall(p.at(i), maxStringNesting) {
				return true
			}
		case p.at(i) == "(":
			open++
		case p.at(i) == ")":
			open--
		}
	}
	return false
}

// containsOutsideCall says whether a string literal holds a call that reaches outside the engine.
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
		if isOutsideFunction(p.name(i)) && p.at(i+1) == "(" {
			return true
		}
	}
	return false
}

// takesStructure says whether token i calls a table function whose argument is a structure. A structure may have DEFAULT
// expressions, which the engine evaluates.
func (p *parser) takesStructure(i int) bool {
	switch strings.ToLower(p.name(i)) {
	case "generaterandom", "null", "values", "input", "fuzzjson":
		return p.at(i+1) == "(" && !p.namesTable(i)
	}
	return false
}

// buildsStructure says whether token i is a table function whose structure is computed rather than one string, so that
// nothing here can look into it.
func (p *parser) buildsStructure(i int) bool {
	if !p.takesStructure(i) || i+2 >= len(p.tokens) {
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

// callsFormat says whether token i may be the table function format, which evaluates its text. The harmless function of that
// name stands where an expression does, or has a pattern with braces, which are in no format's name.
func (p *parser) callsFormat(i int) bool {
	if !strings.EqualFold(p.name(i), "format") || p.at(i+1) != "(" || p.namesTable(i) {
		return false
	}
	if i+2 < len(p.tokens) && p.tokens[i+2].kind == literal && strings.Contains(literalText(p.at(i+2)), "{") {
		return false
	}
	return !p.inExpression(i)
}

// inExpression says whether an expression stands at token i for certain: the last clause that begins before it, outside of
// closed brackets, takes expressions, and the word that begins it is no name.
func (p *parser) inExpression(i int) bool {
	if p.keyword(i-1) == "AS" { // CREATE TABLE … AS
		return false
	}
	closed, comma := 0, false // a comma after ON begins the next table
	for at := i - 1; at >= 0; at-- {
		switch p.at(at) {
		case ")", "]", "}":
			closed++
			continue
		case "(", "[", "{":
			if closed == 0 {
				comma = false
			}
			closed = max(0, closed-1)
			continue
		case ",":
			comma = comma || closed == 0
			continue
		}
		if closed > 0 || p.mayBeName(at) {
			continue
		}
		switch p.keyword(at) {
		case "SELECT", "WITH", "WHERE", "PREWHERE", "HAVING", "BY", "QUALIFY", "UPDATE":
			return true
		case "ON":
			return !comma
		case "FROM", "JOIN", "INTO", "FUNCTION", "TABLE", "DESCRIBE", "DESC", "IN", "USING", "SETTINGS", "VALUES":
			return false
		}
	}
	return false
}

// mayBeName says whether the word at token i may be a name, an alias or a setting instead of a keyword.
func (p *parser) mayBeName(i int) bool {
	switch p.keyword(i - 1) {
	case "AS", "FROM", "JOIN", "TABLE", "INTO", "IN":
		return true
	}
	switch before, after := p.at(i-1), p.at(i+1); {
	case before == ".", before == ",", after == ".", after == "=", after == ",", after == ")":
		return true
	}
	return false
}

// namesTable says whether token i names a table, view or dictionary rather than calls a function.
func (p *parser) namesTable(i int) bool {
	switch p.keyword(i - 1) {
	case "TABLE":
		return p.lead() != "DESCRIBE" && p.lead() != "DESC"
	case "INTO", "EXISTS", "VIEW", "DICTIONARY":
		return true
	}
	return p.at(i-1) == "."
}

// namesTableBefore says whether OUTFILE or INFILE at token i is a table's name, because no file name follows it.
func (p *parser) namesTableBefore(i int) bool {
	if i+1 >= len(p.tokens) {
		return true
	}
	return p.tokens[i+1].kind == word || p.at(i+1) == "(" || p.at(i+1) == "." || p.at(i+1) == ")" || p.at(i+1) == ","
}
