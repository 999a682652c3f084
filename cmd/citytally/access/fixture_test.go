package access_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

// start returns a broker with the users of this program, and their secrets.
func start(t *testing.T, keys ...access.Key) (*natsd.Server, *credentials.Store) {
	t.Helper()
	store, err := credentials.Open(t.TempDir(), access.Credentials()...)
	if err != nil {
		t.Fatal(err)
	}
	return natsdtest.Start(t, func(c *natsd.Config) {
		c.Access, c.Account = access.Secrets(store)+access.Text(keys), access.Core
	}), store
}

func makeKey(t *testing.T, area string) (seed string, key access.Key) {
	t.Helper()
	seed, key, err := access.CreateKey(t.TempDir(), area, event.Person{Name: "somebody"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return seed, key
}

// asDistrict returns the option to connect as a district with the seed of its key.
func asDistrict(t *testing.T, seed, area string) nats.Option {
	t.Helper()
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return func(o *nats.Options) error {
		o.InboxPrefix = "_INBOX_" + area
		return nats.Nkey(public, pair.Sign)(o)
	}
}
