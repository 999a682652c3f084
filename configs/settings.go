package configs

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/drop"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/pull"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/remind"
)

// Settings is everything that can be set.
type Settings struct {
	// Dir is the data directory. The embedded servers keep their data below it.
	// Empty is the user's own: citytally/data below XDG_DATA_HOME or
	// ~/.local/share.
	Dir string `yaml:"dir"`
	// TimeZone is the IANA name of the time zone of schedules and of times in reports.
	TimeZone string `yaml:"time_zone"`
	// Catalogue is the path of the catalogue file; empty is the built-in one.
	Catalogue string `yaml:"catalogue"`
	// Calendar is the path of the calendar file; empty is the built-in one, which belongs to
	// the built-in catalogue.
	Calendar string `yaml:"calendar"`
	// Rules is the path of the file of rules that figures are held against besides the
	// catalogue; empty is the built-in one, and none is no rules.
	Rules string `yaml:"rules"`
	// HTTPHosts are the names, or IP addresses, by which the HTTP servers of this program are
	// called besides loopback and the addresses that they listen on. Requests to other names
	// are refused.
	HTTPHosts []string `yaml:"http_hosts"`

	// TLS is how stages and commands connect to servers over TLS, but for the broker where NATS.TLS
	// says something.
	TLS tlsfiles.Client `yaml:"tls"`

	Log        Log              `yaml:"log"`
	NATS       NATS             `yaml:"nats"`
	Streams    stream.Config    `yaml:"streams"`
	ClickHouse ClickHouse       `yaml:"clickhouse"`
	Ingest     ingest.Config    `yaml:"ingest"`
	Drop       drop.Config      `yaml:"drop"`
	Pull       pull.Config      `yaml:"pull"`
	Transform  transform.Config `yaml:"transform"`
	Remind     remind.Config    `yaml:"remind"`
	Backup     Backup           `yaml:"backup"`
	Sink       sink.Config      `yaml:"sink"`
	Operations Operations       `yaml:"operations"`
	Tracing    Tracing          `yaml:"tracing"`
}

// Backup is where the job backup puts backups of the log.
type Backup struct {
	// Dir is the directory; "" lets the job fail.
	Dir string `yaml:"dir"`
}

// Log is what is logged and how.
type Log struct {
	// Level is the lowest level that is logged: trace, debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is console for people, json for machines, or auto: console on a
	// terminal, json elsewhere.
	Format string `yaml:"format"`
}

// NATS is the broker: the server at URL, or the embedded one.
type NATS struct {
	// URL is one address or several, separated by commas; empty is the embedded
	// server.
	URL string `yaml:"url"`
	// User and Password, or CredentialsFile, which is a .creds file with a JWT and its key,
	// are the credentials for URL.
	User            string `yaml:"user"`
	Password        string `yaml:"password"`
	CredentialsFile string `yaml:"credentials_file"`
	// TLS is how to connect to URL; where it names no file, Settings.TLS is.
	TLS tlsfiles.Client `yaml:"tls"`

	Embedded natsd.Config `yaml:"embedded"`
}

// ClickHouse is the store: the server at DSN, or the embedded one.
type ClickHouse struct {
	// DSN is clickhouse://user:password@host:9000/database?… with the options of
	// clickhouse-go, or http:// and https:// for that protocol; empty is the
	// embedded server.
	DSN string `yaml:"dsn"`

	// User and Password are those of the server at DSN, where that names none. They stand
	// as they are, without a URL's escapes.
	User     string `yaml:"user"`
	Password string `yaml:"password"`

	// Cluster is that of the server's remote_servers on whose servers the tables are made and
	// replicated; empty makes them on the server at DSN alone.
	Cluster string `yaml:"cluster"`

	Embedded chdb.Config `yaml:"embedded"`
}

// Default returns the built-in settings: both servers embedded, on loopback,
// at their usual ports.
func Default() *Settings {
	return &Settings{
		TimeZone: "Asia/Shanghai", HTTPHosts: []string{},
		Log:     Log{Level: "info", Format: "auto"},
		NATS:    NATS{Embedded: natsd.Config{Port: 4222}.Defaults()},
		Streams: stream.DefaultConfig(),
		ClickHouse: ClickHouse{Embedded: chdb.Config{
			HTTPPort: 8123, NativePort: 9000,
			Users: []engine.User{{Name: "default"}, {Name: "reader", ReadOnly: true}},
		}.Defaults()},
		Ingest:     ingest.DefaultConfig(),
		Drop:       drop.DefaultConfig(),
		Pull:       pull.DefaultConfig(),
		Transform:  transform.DefaultConfig(),
		Remind:     remind.DefaultConfig(),
		Sink:       sink.DefaultConfig(),
		Operations: Operations{Address: "127.0.0.1:8471"},
	}
}

// Address returns the DSN with User and Password, "" for the embedded server.
func (c ClickHouse) Address() (string, error) {
	if c.DSN == "" || c.User == "" {
		return c.DSN, nil
	}
	u, err := url.Parse(c.DSN)
	if err != nil {
		return "", errors.New("clickhouse.dsn: want a URL; got another text, which is not shown because it may hold a password")
	}
	u.User = url.UserPassword(c.User, c.Password)
	return u.String(), nil
}

// Store returns how the sink writes, with what other sections say of ClickHouse.
func (s *Settings) Store() (sink.Config, error) {
	c := s.Sink
	c.Cluster = s.ClickHouse.Cluster
	var err error
	if c.TLS, err = s.TLS.Config(); err != nil {
		return c, fmt.Errorf("connect to ClickHouse: %w", err)
	}
	return c, nil
}

// BrokerTLS returns how to connect to the broker over TLS.
func (s *Settings) BrokerTLS() tlsfiles.Client {
	if s.NATS.TLS.IsSet() {
		return s.NATS.TLS
	}
	return s.TLS
}

// EmbeddedNATS returns the embedded broker's configuration with its directory
// filled in: nats below Dir unless it was set.
func (s *Settings) EmbeddedNATS() natsd.Config {
	c := s.NATS.Embedded.Defaults()
	if c.Dir == "" {
		c.Dir = filepath.Join(s.Dir, "nats")
	}
	return c
}

// EmbeddedClickHouse returns the embedded store's configuration with its directory filled
// in: clickhouse below Dir unless it was set. An empty Library means that the library has to
// be fetched.
func (s *Settings) EmbeddedClickHouse() chdb.Config {
	c := s.ClickHouse.Embedded.Defaults()
	if c.Dir == "" {
		c.Dir = filepath.Join(s.Dir, "clickhouse")
	}
	c.Hosts = s.HTTPHosts
	return c
}

// TokensFile returns the path of the tokens file: tokens.yaml below Dir unless
// it was set.
func (s *Settings) TokensFile() string {
	if s.Ingest.TokensFile != "" {
		return s.Ingest.TokensFile
	}
	return filepath.Join(s.Dir, "tokens.yaml")
}

// Location returns the time zone, which Load has checked.
func (s *Settings) Location() (*time.Location, error) { return time.LoadLocation(s.TimeZone) }
