package statement

import "strings"

// insertAt is the token INSERT of an INSERT or a WITH … INSERT, and -1 for other statements.
func (p *parser) insertAt() int {
	switch p.keyword(0) {
	case "INSERT":
		return 0
	case "WITH":
		for i := 1; i+1 < len(p.tokens); i++ {
			if p.depth[i] == 0 && p.keyword(i) == "INSERT" && p.keyword(i+1) == "INTO" {
				return i
			}
		}
	}
	return -1
}

// beginsRows says whether rows follow token i of an INSERT in the text. It notes the token of the format, where the rows
// begin and the token of a SELECT.
func (p *parser) beginsRows(i int, lex *lexer) bool {
	if p.formatToken >= 0 || p.keyword(0) != "INSERT" {
		return false
	}
	keyword := p.keyword(i)
	if p.selectToken < 0 && p.afterTarget(i) && (keyword == "SELECT" || keyword == "WITH" || keyword == "FROM" && p.depth[i] == 0) {
		p.selectToken = i
	}
	if p.depth[i] != 0 {
		return false
	}
	switch {
	case keyword == "VALUES" && p.selectToken < 0 && p.afterTarget(i):
		p.formatToken = i
		p.rowsStart = lex.pos
		return p.endOfValues(lex)
	case p.keyword(i-1) == "FORMAT" && p.afterTarget(i-1) && p.tokens[i].kind == word:
		p.formatToken = i
		if after := p.settingsAfter(lex.pos); after > 0 {
			for lex.pos < after {
				before := lex.pos
				t, _ := lex.next()
				if t.kind == invalid {
					lex.pos = before // it is refused next
					return false
				}
				p.tokens, p.depth = append(p.tokens, t), append(p.depth, 0)
			}
		}
		if strings.EqualFold(p.at(i), "Values") {
			p.rowsStart = lex.pos
			return p.endOfValues(lex)
		}
		p.rowsStart = startOfRows(p.text, lex.pos)
		return true
	}
	return false
}

// afterTarget says whether token i comes after the INSERT's table. Before that, values or format is a table's name.
func (p *parser) afterTarget(i int) bool {
	first := 1
	if p.keyword(first) == "INTO" {
		first++
	}
	if p.keyword(first) == "TABLE" && i > first+1 {
		first++
	}
	return i > first
}

// settingsAfter is where a SETTINGS list that begins at pos ends, and 0 when none begins there.
func (p *parser) settingsAfter(pos int) int {
	lex := lexer{text: p.text, pos: pos}
	t, ok := lex.next()
	if !ok || t.kind != word || !strings.EqualFold(p.text[t.start:t.end], "SETTINGS") {
		return 0
	}
	end := 0
	for {
		name, ok1 := lex.next()
		equals, ok2 := lex.next()
		value, ok3 := lex.next()
		if !ok1 || !ok2 || !ok3 || name.kind != word || p.text[equals.start:equals.end] != "=" {
			return end
		}
		if sign := p.text[value.start:value.end]; sign == "-" || sign == "+" {
			lex.next()
		}
		end = lex.pos
		if comma, ok := lex.next(); !ok || p.text[comma.start:comma.end] != "," {
			return end
		}
	}
}

// endOfValues moves the lexer over the rows of VALUES, which are expressions, to the semicolon or the text's end. It always
// returns false, so that scanStatement goes on and refuses whatever follows the semicolon.
func (p *parser) endOfValues(lex *lexer) bool {
	for {
		before := lex.pos
		t, ok := lex.next()
		if !ok {
			return false
		}
		if p.text[t.start:t.end] == ";" || t.kind == invalid {
			lex.pos = before
			return false
		}
	}
}

// startOfRows is where the rows begin after a format's name, which ends at pos: after the line break when only blanks precede
// it, otherwise at the first character that is no blank. Source: src/Parsers/ParserInsertQuery.cpp.
func startOfRows(text string, pos int) int {
	for pos < len(text) && (text[pos] == ' ' || text[pos] == '\t' || text[pos] == '\f') {
		pos++
	}
	if pos < len(text) && text[pos] == '\r' {
		pos++
	}
	if pos < len(text) && text[pos] == '\n' {
		pos++
	}
	return pos
}

// describeInsert fills in the fields of an INSERT, whose keyword is token at.
func (p *parser) describeInsert(s *Statement, at int) {
	s.Kind = Insert
	target := at + 1
	if p.keyword(target) == "INTO" {
		target++
	}
	if p.keyword(target) == "TABLE" && target+1 < len(p.tokens) && p.at(target+1) != "(" {
		target++
	}
	if target < len(p.tokens) {
		end := p.targetEnd(target)
		s.InsertTable = p.text[p.tokens[target].start:p.tokens[end-1].end]
		if p.callsFunction(target) {
			s.InsertFunction = p.text[p.tokens[target+1].start:p.tokens[end-1].end]
		}
		s.InsertColumns = p.columnList(end)
	}
	if p.formatToken >= 0 {
		p.takeRows(s)
	}
	s.InsertHead = s.Text
	if at > 0 { // WITH … INSERT INTO … SELECT
		s.InsertSelect = true
		p.takeFormat(s)
		s.InsertHead = s.Text
	}
	if p.selectToken >= 0 {
		s.InsertSelect = true
		first := p.selectToken
		for p.at(first-1) == "(" {
			first--
		}
		s.InsertHead = strings.TrimSpace(p.text[:p.tokens[first].start])
	}
}

// takeRows moves VALUES or the FORMAT clause, with the rows after it, from an INSERT's Text to Format and Inline.
func (p *parser) takeRows(s *Statement) {
	head := p.tokens[p.formatToken].start
	s.Format = "Values"
	settings := ""
	if p.keyword(p.formatToken-1) == "FORMAT" && p.afterTarget(p.formatToken-1) {
		s.Format = p.at(p.formatToken)
		head = p.tokens[p.formatToken-1].start
		if last := len(p.tokens) - 1; last > p.formatToken {
			settings = " " + p.text[p.tokens[p.formatToken+1].start:p.tokens[last].end]
		}
	}
	s.Text = strings.TrimSpace(p.text[:head]) + settings
	s.Inline = p.text[p.rowsStart:]
	if strings.EqualFold(s.Format, "Values") {
		s.Inline = strings.TrimSpace(p.text[p.rowsStart:max(p.rowsStart, p.end)])
	} else if strings.TrimSpace(s.Inline) == ";" {
		s.Inline = ""
	}
}

// targetEnd is the token after the INSERT's target, which begins at token i: db.table, FUNCTION f(…) or a placeholder.
func (p *parser) targetEnd(i int) int {
	if p.callsFunction(i) {
		for i += 3; i < len(p.tokens) && p.depth[i] > 0; i++ {
		}
		return min(i+1, len(p.tokens))
	}
	for i < len(p.tokens) {
		if p.at(i) == "{" {
			for i < len(p.tokens)-1 && p.at(i) != "}" {
				i++
			}
		}
		if p.at(i+1) != "." {
			break
		}
		i += 2
	}
	return min(i+1, len(p.tokens))
}

func (p *parser) callsFunction(target int) bool {
	return p.keyword(target) == "FUNCTION" && p.at(target+2) == "("
}

// columnList is the text between the parentheses that open at token i; empty when none do, or when they hold a SELECT.
func (p *parser) columnList(i int) string {
	if p.at(i) != "(" {
		return ""
	}
	for end := i + 1; end < len(p.tokens) && end != p.selectToken; end++ {
		if p.depth[end] < p.depth[i] {
			return strings.TrimSpace(p.text[p.tokens[i].end:p.tokens[end].start])
		}
	}
	return ""
}

// InsertColumnNames returns the names in InsertColumns. It reports false when InsertColumns holds anything but names, such
// as "* EXCEPT(a)".
func (s Statement) InsertColumnNames() ([]string, bool) {
	p := tokenize(s.InsertColumns)
	var names []string
	for i := 0; i < len(p.tokens); i += 2 {
		name := p.name(i)
		for p.tokens[i].kind == word && p.at(i+1) == "." && p.keyword(i+2) != "" { // of a Nested column
			i += 2
			name += "." + p.at(i)
		}
		if name == "" || i+1 < len(p.tokens) && (p.at(i+1) != "," || i+2 == len(p.tokens)) {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}
