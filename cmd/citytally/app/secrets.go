package app

import (
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
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
