package statement

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// Kind is a kind of statement, by what a server has to do with it.
type Kind int

// Kinds of statement.
const (
	Other  Kind = iota // yields no rows: SET, USE, CREATE, ALTER …
	Select             // yields rows: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN, EXISTS …
	Insert             // INSERT
)

// Statement is a query text as a server in front of the engine needs it.
type Statement struct {
	Kind Kind
	// Text is the statement without its FORMAT clause, trailing semicolon and inline rows.
	Text string
	// Format is the name in the FORMAT clause, or "Values" for INSERT … VALUES; empty when the text names none.
	Format string
	// InsertTable is the target as written, such as "db.`table`" or "FUNCTION null('a Int8')"; empty unless Kind is Insert.
	InsertTable string
	// InsertFunction is the call when the target is a table function, such as "null('a Int8')".
	InsertFunction string
	// InsertColumns is what the parentheses after the target hold, such as "a, `b c`"; empty when there are none.
	InsertColumns string
	// InsertHead is the INSERT up to FORMAT, VALUES or SELECT, with its columns and its SETTINGS.
	InsertHead string
	// InsertSelect is set for INSERT … SELECT, which takes no rows from the client.
	InsertSelect bool
	// Inline are the rows that follow VALUES or FORMAT in the text itself, in Format.
	Inline string
	// Parameters are the {name:Type} placeholders in the order of their first use.
	Parameters []Parameter

	// Streams says whether the engine can give the answer block by block.
	Streams bool
	// Parallel is set for several statements joined by PARALLEL WITH, which the engine counts one by one.
	Parallel bool

	lead       string // the first keyword, in capitals, or the first token
	forWriters bool   // not for users who only read, whatever the lead
}

// Parameter is a placeholder {name:Type} of a query text.
type Parameter struct{ Name, Type string }

// TakesRows says whether the statement is an INSERT whose rows the client sends, in the text or after it.
func (s Statement) TakesRows() bool { return s.Kind == Insert && !s.InsertSelect }

// ChangesSettings says whether the statement is a SET.
func (s Statement) ChangesSettings() bool { return s.lead == "SET" }

// ChangesSession says whether the statement changes the session and does nothing else.
func (s Statement) ChangesSession() bool { return s.lead == "SET" || s.lead == "USE" }

// MayChangeSchema says whether the statement may change what tables there are, their columns or who may use them.
func (s Statement) MayChangeSchema() bool {
	return s.Kind == Other && !s.ChangesSession() || s.Parallel
}

// Parse reads a query text and separates what a server handles itself: the FORMAT clause and inline rows.
//
// It returns SYNTAX_ERROR (62) for an empty text, several statements in one text, and quotes or comments left open;
// ACCESS_DENIED (497) for what would reach outside the engine: INTO OUTFILE, FROM INFILE, what package judged refuses,
// and disks on files or the network. All other errors in a statement are left to the engine.
func Parse(query string) (Statement, error) {
	p, err := scanStatement(query)
	if err != nil {
		return Statement{}, err
	}
	if err := p.refuse(); err != nil {
		return Statement{}, err
	}
	s := Statement{Text: strings.TrimSpace(query[:p.end]), Parameters: p.parameters()}
	s.lead, s.forWriters = p.lead(), p.isForWriters()
	for i := range p.tokens {
		s.Parallel = s.Parallel || p.keyword(i) == "PARALLEL" && p.keyword(i+1) == "WITH"
	}
	switch s.lead {
	case "SELECT", "WITH", "FROM", "(":
		s.Kind, s.Streams = Select, true
	case "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "KILL", "VALUES", "BACKUP", "RESTORE":
		s.Kind = Select
	}
	if at := p.insertAt(); at >= 0 {
		s.Streams = false
		p.describeInsert(&s, at)
		return s, nil
	}
	p.takeFormat(&s)
	return s, nil
}

// parser is a query text and its tokens, without those of inline rows.
type parser struct {
	text        string
	tokens      []token
	depth       []int // of brackets, for each token
	end         int   // of the statement, before a trailing semicolon
	rowsStart   int   // where inline rows begin, -1 when there are none
	selectToken int   // the token of an INSERT's SELECT, -1 when there is none
	formatToken int   // the token of the format's name, or of VALUES, of an INSERT; -1 when there is none
}

// tokenize reads the tokens of a text that need not be a statement. Their depth stays unknown.
func tokenize(text string) *parser {
	p := &parser{text: text}
	for lex := (lexer{text: text}); ; {
		t, ok := lex.next()
		if !ok {
			return p
		}
		p.tokens = append(p.tokens, t)
	}
}

// scanStatement reads the tokens of one statement.
func scanStatement(query string) (*parser, error) {
	p := &parser{text: query, end: len(query), rowsStart: -1, selectToken: -1, formatToken: -1}
	lex := lexer{text: query}
	depth := 0
	over := false
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		text := query[t.start:t.end]
		if text == ";" || text == `\G` {
			if !over {
				p.end, over = t.start, true
			}
			continue
		}
		if over {
			return nil, exception.Newf(proto.ErrSyntaxError, "Multi-statements are not allowed: "+
				"send one statement at a time (the second begins at position %d: %s)", t.start+1, Excerpt(query[t.start:]))
		}
		if t.kind == invalid {
			return nil, exception.Newf(proto.ErrSyntaxError, "Syntax error: failed at position %d: "+
				"an unknown character, or a quote or comment that is never closed: %s", t.start+1, Excerpt(query[t.start:]))
		}
		switch text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		p.tokens = append(p.tokens, t)
		p.depth = append(p.depth, depth)
		if p.beginsRows(len(p.tokens)-1, &lex) {
			break
		}
	}
	if len(p.tokens) == 0 {
		return nil, exception.Newf(proto.ErrSyntaxError, "Empty query")
	}
	if len(p.tokens) == 1 && !isTransaction(p.keyword(0)) { // such as clickhouse-client's own "exit" and "quit"
		return nil, exception.Newf(proto.ErrSyntaxError, "Syntax error: failed at position %d: %s is no statement",
			p.tokens[0].start+1, Excerpt(p.at(0)))
	}
	return p, nil
}

func isTransaction(keyword string) bool {
	return keyword == "BEGIN" || keyword == "COMMIT" || keyword == "ROLLBACK"
}

// at is the text of token i; empty before the first and beyond the last.
func (p *parser) at(i int) string {
	if i < 0 || i >= len(p.tokens) {
		return ""
	}
	return p.text[p.tokens[i].start:p.tokens[i].end]
}

// keyword is token i in capitals; empty unless the token is a bare word.
func (p *parser) keyword(i int) string {
	if i < 0 || i >= len(p.tokens) || p.tokens[i].kind != word {
		return ""
	}
	return strings.ToUpper(p.at(i))
}

// name is the identifier at token i, without its quotes; empty for any other token.
func (p *parser) name(i int) string {
	if i < 0 || i >= len(p.tokens) {
		return ""
	}
	switch p.tokens[i].kind {
	case word:
		return p.at(i)
	case quoted:
		return unquote(p.at(i))
	}
	return ""
}

// lead is the first keyword in capitals, or the first token when it is no keyword.
func (p *parser) lead() string {
	if keyword := p.keyword(0); keyword != "" {
		return keyword
	}
	return p.at(0)
}

// takeFormat moves the last FORMAT clause from the Text of a statement that is no INSERT to Format. SETTINGS after the
// clause stay in Text.
func (p *parser) takeFormat(s *Statement) {
	for i := len(p.tokens) - 2; i > 0; i-- {
		if p.keyword(i) != "FORMAT" || p.depth[i] != 0 || p.tokens[i+1].kind != word {
			continue
		}
		if i+2 < len(p.tokens) && p.keyword(i+2) != "SETTINGS" {
			continue
		}
		s.Format = p.at(i + 1)
		s.Text = strings.TrimSpace(p.text[:p.tokens[i].start] + p.text[p.tokens[i+1].end:p.end])
		return
	}
}

// parameters returns the placeholders {name:Type}, each name once.
func (p *parser) parameters() []Parameter {
	var found []Parameter
	seen := make(map[string]bool)
	for i := range p.tokens {
		if p.at(i) != "{" || p.tokens[i].kind != punctuation || p.at(i+2) != ":" || p.name(i+1) == "" {
			continue
		}
		for end := i + 3; end < len(p.tokens); end++ {
			if p.at(end) != "}" {
				continue
			}
			if name := p.name(i + 1); !seen[name] {
				seen[name] = true
				kind := p.text[p.tokens[i+2].end:p.tokens[end].start]
				found = append(found, Parameter{Name: name, Type: strings.TrimSpace(kind)})
			}
			break
		}
	}
	return found
}

// Excerpt shortens a text for a message.
func Excerpt(s string) string {
	const most = 60
	if runes := []rune(s[:min(len(s), 4*most)]); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
