package statement

import (
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/judged"
)

// SessionSetting is the setting that holds a secret token of each session, by which package engine finds and kills the
// session's statement. Clients may not change it. libchdb leaves no better place: query ids cannot be chosen, custom
// settings are not allowed, and log_comment belongs to the client. This setting of libchdb only tells other hosts a name,
// and the engine calls no other host.
const SessionSetting = "chdb_client_name"

// ViewsDefiner is the user whose rights views have, so that whoever may read a view need not read its tables.
const ViewsDefiner = "views"

// Denied is an ACCESS_DENIED that says what is refused, why, and what to do instead.
func Denied(what, instead string) *exception.Error {
	return exception.Newf(proto.ErrAccessDenied, "Not enough privileges: %s is not available in the embedded engine, "+
		"because it would reach outside of it. Instead: %s", what, instead)
}

// refuse returns an ACCESS_DENIED for a statement that reaches outside the engine, or past the rights of its user, although
// neither grants nor readonly stop it: INTO OUTFILE and FROM INFILE, which the library carries out itself; functions, table
// functions, engines, dictionary sources and layouts that package judged refuses; the table function format, which evaluates
// its argument; disks on files and the network; and the change of a session's role or profile.
func (p *parser) refuse() error {
	if p.takesDatabaseAway() {
		return Denied("taking away the database default or system", "drop, rename or detach databases of your own, by their names.")
	}
	if p.changesRole() {
		return Denied("SET ROLE", "connect as the user who has the rights.")
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
		if err := p.refuseSetting(i); err != nil {
			return err
		}
		if p.keyword(i) == "SETTINGS" && p.selectsBefore(i) && !p.settingsAre(i, judged.Free, judged.Bounded, judged.Writer, judged.Session) {
			return Denied("a setting that is fixed", "leave it out: nobody may change it.")
		}
		if dictionary && p.at(i+1) == "(" {
			if err := p.refuseDictionary(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// changesRole says whether the statement changes the session's role, by which its user has rights.
func (p *parser) changesRole() bool {
	for i := range p.tokens {
		if p.keyword(i) != "SET" || i > 0 && p.keyword(i-1) != "WITH" { // PARALLEL WITH
			continue
		}
		if next := p.keyword(i + 1); (next == "ROLE" || next == "DEFAULT") && p.at(i+2) != "=" {
			return true
		}
	}
	return false
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

// refuseSetting refuses at token i the settings by which this program tells sessions and their limits apart, and a disk.
func (p *parser) refuseSetting(i int) error {
	name := p.name(i)
	switch {
	case name == SessionSetting:
		return Denied("the setting "+SessionSetting, "name a client by log_comment.")
	case strings.EqualFold(name, "profile") && p.at(i+1) == "=" && p.setsBefore(i):
		return Denied("the setting profile", "set what you need by itself.")
	case p.keyword(i) == "DEFINER" && p.at(i+1) == "=" && !strings.EqualFold(p.name(i+2), ViewsDefiner):
		return Denied("a definer of one's own", "leave it out: every view has the definer "+ViewsDefiner+".")
	case strings.EqualFold(name, "disk") && p.at(i+1) == "(" && p.at(i-1) == "=":
		return Denied("a disk defined in a query", "leave the setting out: tables live in the data directory.")
	}
	return nil
}

// isLastSettings says whether SETTINGS at token i belong to the whole statement. The engine holds no others to its
// constraints: those of a subquery, or of any SELECT of a UNION but the last.
func (p *parser) isLastSettings(i int) bool {
	if p.depth[i] > 0 {
		return false
	}
	for at := i + 1; at < len(p.tokens); at++ {
		if k := p.keyword(at); k == "SELECT" || k == "UNION" || k == "INTERSECT" || k == "EXCEPT" {
			return false
		}
	}
	return true
}

// selectsBefore says whether SETTINGS at token i may be those of a SELECT, rather than of a table.
func (p *parser) selectsBefore(i int) bool {
	for at := range i {
		if p.keyword(at) == "SELECT" && p.depth[at] == p.depth[i] {
			return true
		}
	}
	return false
}

// settingsAre says whether every setting in the list after SETTINGS at token i has one of the verdicts.
func (p *parser) settingsAre(i int, verdicts ...judged.Verdict) bool {
	depth := p.depth[i]
	for at := i + 1; p.name(at) != "" && p.at(at+1) == "="; at++ {
		if verdict, _ := judged.Settings.Of(p.name(at)); !slices.Contains(verdicts, verdict) && !strings.HasPrefix(p.name(at), "param_") {
			return false
		}
		for at++; at < len(p.tokens) && (p.at(at) != "," || p.depth[at] > depth); at++ { // to the next setting
			if p.depth[at] < depth {
				return true
			}
		}
	}
	return true
}

// setsBefore says whether token i may be in a list of settings.
func (p *parser) setsBefore(i int) bool {
	for at := range i {
		if k := p.keyword(at); k == "SET" || k == "SETTINGS" {
			return true
		}
	}
	return false
}

// isForWriters says whether the statement calls a function that package judged leaves to users who write, or gives a setting
// its default, which ClickHouse does without looking at constraints, be it readonly itself.
func (p *parser) isForWriters() bool {
	for i := range p.tokens {
		if p.keyword(i) == "DEFAULT" && p.at(i-1) == "=" {
			return true
		}
		if p.keyword(i) == "SETTINGS" && !p.isLastSettings(i) && !p.settingsAre(i, judged.Free) {
			return true
		}
		if p.at(i+1) != "(" && p.keyword(i-1) != "APPLY" && p.keyword(i-2) != "APPLY" {
			continue
		}
		if verdict, _ := judged.Functions.Of(p.name(i)); verdict == judged.Writer {
			return true
		}
	}
	return false
}

// ReadsOnly says whether the statement only reads, or changes only the session. ClickHouse's readonly=2 allows more: KILL
// QUERY, temporary tables, and any setting's default.
func (s Statement) ReadsOnly() bool {
	switch s.lead {
	case "SELECT", "WITH", "FROM", "(", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "SET", "USE":
		return s.Kind != Insert && !s.forWriters
	}
	return false
}
