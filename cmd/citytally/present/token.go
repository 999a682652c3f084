package present

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
)

// Token is one line of the list of tokens.
type Token struct {
	token.Issued
	State token.State `json:"state"`
	// InFile is true for a token that only the tokens file has.
	InFile bool `json:"in_file,omitempty"`
}

// Tokens lists tokens, as a table or as JSON.
func (p *Printer) Tokens(w io.Writer, tokens []Token, format string) error {
	if format == FormatJSON {
		return JSON(w, tokens)
	}
	words := &p.words().Token
	t := NewTable(w, table.Row{words.ID, words.Name, words.Role, p.words().Area, words.State, words.Expires, words.Created, words.Revoked})
	for i := range tokens {
		one := &tokens[i]
		created, revoked := words.InFile, ""
		if !one.InFile {
			created = p.by(one.CreatedAt, one.CreatedBy, "")
		}
		if one.State == token.Revoked {
			revoked = p.by(one.RevokedAt, one.RevokedBy, one.Reason)
		}
		t.AppendRow(table.Row{one.ID, one.Name, words.Roles[string(one.Role)], one.Area, words.States[string(one.State)], p.expiry(one.Expires), created, revoked})
	}
	t.Render()
	return nil
}

// PrintIssued tells whose token was issued; the secret follows.
func (p *Printer) PrintIssued(w io.Writer, i *token.Issued) {
	words := &p.words().Token
	fmt.Fprintf(w, words.Issued+"\n", i.ID, i.Name, words.Roles[string(i.Role)], i.Area, p.expiry(i.Expires))
}

// PrintRevoked tells whose token was revoked.
func (p *Printer) PrintRevoked(w io.Writer, i *token.Issued) {
	fmt.Fprintf(w, p.words().Token.Ended+"\n", i.ID, i.Name)
}

func (p *Printer) expiry(at time.Time) string {
	if at.IsZero() {
		return p.words().Token.Never
	}
	return p.Time(at)
}

// by tells when and by whom something was done, and why where that is known.
func (p *Printer) by(at time.Time, who event.Person, why string) string {
	words := &p.words().Token
	if at.IsZero() {
		return ""
	}
	if why == "" {
		return fmt.Sprintf(words.By, p.Time(at), who.Name)
	}
	return fmt.Sprintf(words.ByFor, p.Time(at), who.Name, why)
}
