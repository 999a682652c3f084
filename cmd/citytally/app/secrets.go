package app

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/transform/ledger/snapshot"
)

// clickHouseSecret is the name below which the secret of a user of the embedded ClickHouse is
// kept.
func clickHouseSecret(user string) string { return "clickhouse-" + user }

// giveSecrets gives the users of the embedded ClickHouse for whom the settings have no password
// the secrets below the data directory, which are made at the first start.
func giveSecrets(c *chdb.Config, dir string) error {
	var names []string
	for _, user := range c.Users {
		if user.Password == "" {
			names = append(names, clickHouseSecret(user.Name))
		}
	}
	secrets, err := credentials.Open(dir, names...)
	if err != nil {
		return err
	}
	given := make([]engine.User, len(c.Users))
	for i, user := range c.Users {
		if given[i] = user; user.Password == "" {
			given[i].Password = secrets.Secret(clickHouseSecret(user.Name))
		}
	}
	c.Users = given
	return nil
}

// ledgerSecret is the name of the secret that proves who wrote a snapshot of the ledger, and
// ledgerDir the directory of the snapshots below the data directory.
const ledgerSecret, ledgerDir = "ledger", "ledger"

// openSnapshots returns the snapshots of the ledger below a data directory. The secret is made
// at the first start.
func openSnapshots(dir string) (*snapshot.Store, error) {
	secrets, err := credentials.Open(dir, ledgerSecret)
	if err != nil {
		return nil, err
	}
	return snapshot.Open(filepath.Join(dir, ledgerDir), []byte(secrets.Secret(ledgerSecret)))
}

// Snapshots returns the snapshots of the ledger below a data directory, for reading; nil where
// no transform stage has kept any there.
func Snapshots(dir string) (*snapshot.Store, error) {
	secrets, err := credentials.Load(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && secrets.Secret(ledgerSecret) == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return snapshot.Open(filepath.Join(dir, ledgerDir), []byte(secrets.Secret(ledgerSecret)))
}
