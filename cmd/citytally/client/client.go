package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/reconcile"
)

// Addresses are where servers are said to be; "" leaves it to the settings, or to
// the instance that runs on the data directory.
type Addresses struct {
	NATS       string // URL
	ClickHouse string // DSN
	Gateway    string // base URL
}

// Client knows where the servers are.
type Client struct {
	settings  *configs.Settings
	addresses Addresses
	instance  *app.Instance // empty where none was found
	notFound  error         // why there is no instance
	catalogue *catalogue.Catalogue
}

// New looks for the instance on the settings' data directory. Where there is none,
// only those methods fail that need an address which nothing else gives.
func New(s *configs.Settings, a Addresses) (*Client, error) {
	c := &Client{settings: s, addresses: a}
	c.instance, c.notFound = app.FindInstance(s.Dir)
	if c.notFound != nil {
		if !errors.Is(c.notFound, app.ErrNoInstance) {
			return nil, c.notFound
		}
		c.instance = &app.Instance{}
	}
	return c, nil
}

// AbsentError says that nothing runs where it was looked for.
type AbsentError struct{ Err error }

func (e *AbsentError) Error() string { return e.Err.Error() }

func (e *AbsentError) Unwrap() error { return e.Err }

// RefusedError says that what was sent or asked for was understood and refused.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

func (e *RefusedError) Unwrap() error { return e.Err }

// address returns the first candidate that is not "". The error says how to give
// one: what is the server's name, and flag the flag for its address.
func (c *Client) address(what, flag string, candidates ...string) (string, error) {
	for _, candidate := range candidates {
		if candidate != "" {
			return candidate, nil
		}
	}
	if c.notFound != nil {
		return "", &AbsentError{bilingual.Errorf("%v；请启动：citytally run --dir %s（或用 --%[4]s 指明%[3]s）", "%v; start it with: citytally run --dir %s (or name %s with --%s)", c.notFound, c.settings.Dir, what, flag)}
	}
	return "", &AbsentError{bilingual.Errorf("%s 上的 citytally 没有自带的%s；请用 --%s 指明", "the instance on %s has no %s of its own; name it with --%s", c.settings.Dir, what, flag)}
}

// storeTimeout is how long ClickHouse may take to accept a connection.
const storeTimeout = 10 * time.Second

// noAnswer says that ClickHouse took too long.
func noAnswer(within time.Duration) error {
	return bilingual.Errorf("ClickHouse 在 %s 内没有应答", "ClickHouse did not answer within %s", within)
}

// openStore opens ClickHouse for reading.
func (c *Client) openStore(ctx context.Context, logger zerolog.Logger) (*sink.Store, error) {
	configured, err := c.settings.ClickHouse.Address()
	if err != nil {
		return nil, err
	}
	dsn, err := c.address("ClickHouse", "dsn", c.addresses.ClickHouse, configured, c.instance.ClickHouse)
	if err != nil {
		return nil, err
	}
	opening, cancel := context.WithTimeoutCause(ctx, storeTimeout, noAnswer(storeTimeout))
	defer cancel()
	config, err := c.settings.Store()
	if err != nil {
		return nil, app.Usage(err)
	}
	return sink.Open(opening, dsn, config, logger)
}

// openLog connects to the broker's streams as its operator. The returned function disconnects.
func (c *Client) openLog(logger zerolog.Logger) (*stream.Log, func(), error) {
	return c.openLogAs(access.Operator, logger)
}

// openLogAs connects to the broker's streams as a user of it, where the broker knows this
// program's users. The returned function disconnects.
func (c *Client) openLogAs(user string, logger zerolog.Logger) (*stream.Log, func(), error) {
	nc, err := c.connectBroker(user, logger)
	if err != nil {
		return nil, nil, err
	}
	log, err := stream.Attach(nc, logger)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	log.HoldIntake(c.held(log))
	return log, nc.Close, nil
}

// held returns what says why nothing must be written that people decide: it would get the place of what a
// stream has lost. The log is compared once, with ClickHouse too where that answers.
func (c *Client) held(log *stream.Log) func(context.Context) *stream.HeldError {
	var once sync.Once
	var held *stream.HeldError
	return func(ctx context.Context) *stream.HeldError {
		once.Do(func() {
			found, err := reconcile.CheckLog(ctx, log)
			if err != nil {
				held = &stream.HeldError{Why: err}
				return
			}
			asking, cancel := context.WithTimeout(ctx, heldTimeout)
			defer cancel()
			if store, err := c.openStore(asking, zerolog.Nop()); err == nil {
				defer store.Close()
				if shown, err := reconcile.CheckProjection(asking, log, &sink.Projection{Store: store, Log: log}); err == nil {
					found = append(found, shown...)
				}
			}
			held = reconcile.Held(found)
		})
		return held
	}
}

// heldTimeout is how long a decision waits for ClickHouse, which may know of more than the log has.
const heldTimeout = 3 * time.Second

// openRepair connects to the broker's streams as who brings back what they have lost; what says in a stream
// that the rest is lost for good is the administrator's. The returned function disconnects.
func (c *Client) openRepair(logger zerolog.Logger) (*stream.Log, func(), error) {
	admin, leave, err := c.openLogAs(access.Admin, logger)
	if err != nil {
		return nil, nil, err
	}
	log, disconnect, err := c.openLogAs(access.Repair, logger)
	if err != nil {
		leave()
		return nil, nil, err
	}
	log.ChangeAs(admin)
	log.HoldIntake(nil)
	return log, func() { disconnect(); leave() }, nil
}

// connectBroker connects to the broker of the addresses, the settings or the instance. The
// caller closes the connection.
func (c *Client) connectBroker(user string, logger zerolog.Logger) (*nats.Conn, error) {
	url, err := c.address("the broker", "nats", c.addresses.NATS, c.settings.NATS.URL, c.instance.NATS)
	if err != nil {
		return nil, err
	}
	login, err := app.BrokerLogin(c.settings, url, user)
	if err != nil {
		return nil, err
	}
	if url == c.instance.NATS && len(c.instance.Certificates) > 0 {
		secure, err := c.settings.BrokerTLS().Pinned(c.instance.Certificates...)
		if err != nil {
			return nil, app.Usage(err)
		}
		login = append(login, nats.Secure(secure))
	}
	return app.ConnectBroker(c.settings, url, logger, login...)
}

// SetupStore creates the tables and views of the ClickHouse server that the settings name, or
// brings them up to date. It reports false where they name none.
func (c *Client) SetupStore(ctx context.Context) (bool, error) {
	if c.settings.ClickHouse.DSN == "" {
		return false, nil
	}
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return false, err
	}
	return true, errors.Join(store.Migrate(ctx), store.Close())
}

// Setup creates and changes the broker's streams to the settings, and returns what it has
// changed; with dry set it returns what would change. Revoked are the ids of tokens of which the broker
// had lost that they are revoked, and which are again.
func (c *Client) Setup(ctx context.Context, dry bool) (changes []stream.Change, revoked []string, err error) {
	nc, err := c.connectBroker(access.Admin, zerolog.Nop())
	if err != nil {
		return nil, nil, err
	}
	defer nc.Close()
	_, changes, err = stream.Setup(ctx, nc, c.settings.Streams, dry, zerolog.Nop())
	if err != nil || dry {
		return changes, nil, err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return changes, nil, err
	}
	defer disconnect()
	revoked, err = token.Reconcile(ctx, log)
	return changes, revoked, err
}
