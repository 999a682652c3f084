package client

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/credentials"
)

// PrintSecrets prints the secrets of this program's own servers, which stand below the data
// directory.
func (c *Client) PrintSecrets(w io.Writer, format string) error {
	store, err := credentials.Load(c.settings.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return &AbsentError{err}
	}
	if err != nil {
		return err
	}
	if format == present.FormatJSON {
		secrets := map[string]string{}
		for _, name := range store.Names() {
			secrets[name] = store.Secret(name)
		}
		return present.JSON(w, secrets)
	}
	rows := present.NewTable(w, table.Row{"server", "user", "secret"})
	for _, name := range store.Names() {
		server, user, ofServer := strings.Cut(name, "-")
		if !ofServer {
			server, user = "", name
		}
		rows.AppendRow(table.Row{server, user, store.Secret(name)})
	}
	rows.Render()
	return nil
}

// PrintBrokerConfig prints the accounts and users, and the TLS of nats.embedded.tls, for a broker of one's own, and makes their
// secrets below the data directory where there are none.
func (c *Client) PrintBrokerConfig(w io.Writer) error {
	if _, err := credentials.Open(c.settings.Dir, access.Credentials()...); err != nil {
		return err
	}
	keys, err := access.Keys(c.settings.Dir)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, access.Text(keys)+access.Encryption(c.settings.NATS.Embedded.TLS))
	return err
}
