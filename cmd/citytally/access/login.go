package access

import (
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/configs/credentials"
)

// Login returns the option to connect as a user of the broker with the secret of the store. It
// reports false where the store has none.
func Login(store *credentials.Store, user string) (nats.Option, bool) {
	secret := store.Secret(credential(user))
	if secret == "" {
		return nil, false
	}
	return func(o *nats.Options) error {
		o.User, o.Password, o.InboxPrefix = user, secret, inbox(user)
		return nil
	}, true
}

// Inbox returns the option to receive answers where a user may, whatever credentials prove that
// it is the user. It changes nothing for users of a broker that has other ones.
func Inbox(user string) nats.Option {
	return func(o *nats.Options) error {
		if slices.ContainsFunc(Users(), func(u User) bool { return u.Name == user }) {
			o.InboxPrefix = inbox(user)
		}
		return nil
	}
}
