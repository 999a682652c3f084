package client

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/token"
)

// NewToken is what a token is asked for with.
type NewToken struct {
	Area, Name, Expires string
	// Role is "" for the one that most tokens of the area have.
	Role token.Role
}

// CreateToken issues a token and returns its secret.
func (c *Client) CreateToken(ctx context.Context, n NewToken) (secret string, issued token.Issued, err error) {
	cat, err := c.Catalogue(ctx)
	if err != nil {
		return "", token.Issued{}, err
	}
	holder := token.Holder{Name: n.Name, Area: n.Area, Role: cmp.Or(n.Role, token.UsualRole(n.Area))}
	if area, ok := cat.Area(n.Area); ok {
		holder.Name = cmp.Or(n.Name, area.NameZH)
	}
	holder.Name = cmp.Or(holder.Name, string(holder.Role))
	if holder.Expires, err = token.ParseExpiry(n.Expires, cat.Zone()); err != nil {
		return "", token.Issued{}, app.Usage(err)
	}
	if err := holder.Check(cat); err != nil {
		return "", token.Issued{}, app.Usage(err)
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return "", token.Issued{}, err
	}
	defer disconnect()
	return token.Create(ctx, log, cat, holder, app.CurrentPerson(), time.Now())
}

// Tokens returns every token that was ever issued, and those of the tokens file on this machine.
func (c *Client) Tokens(ctx context.Context) ([]present.Token, error) {
	file, err := c.tokensFile()
	if err != nil {
		return nil, err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	issued, err := token.List(ctx, log)
	if err != nil {
		return nil, err
	}
	now, list := time.Now(), []present.Token{}
	known := map[string]bool{}
	for i := range issued {
		known[issued[i].ID] = true
		list = append(list, present.Token{Issued: issued[i], State: issued[i].StateAt(now)})
	}
	for _, t := range file.Entries() {
		if !known[t.ID] {
			list = append(list, present.Token{Issued: t, State: t.StateAt(now), InFile: true})
		}
	}
	return list, nil
}

// RevokeToken ends a token at every gateway.
func (c *Client) RevokeToken(ctx context.Context, id, reason string) (token.Issued, error) {
	file, err := c.tokensFile()
	if err != nil {
		return token.Issued{}, err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return token.Issued{}, err
	}
	defer disconnect()
	revoked, err := token.Revoke(ctx, log, file, id, reason, app.CurrentPerson(), time.Now())
	if errors.Is(err, token.ErrNotFound) {
		return token.Issued{}, app.Usage(err)
	}
	return revoked, err
}

// tokensFile returns the tokens file on this machine, nil where there is none.
func (c *Client) tokensFile() (*token.File, error) {
	file, err := token.Load(c.settings.TokensFile(), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return file, err
}
