package natsd

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/citytally/citytally/configs/hostport"
	"github.com/citytally/citytally/configs/tlsfiles"
)

const (
	// AnyPort lets the operating system choose a free port.
	AnyPort = 0
	// NoPort keeps the server off the network: only this process connects,
	// through [Server.InProcess].
	NoPort = -1

	defaultHost       = "127.0.0.1"
	defaultMaxPayload = 8 << 20

	// maxPayloadLimit is where nats-server's default write buffer per
	// connection (64 MiB) would no longer hold a single message.
	maxPayloadLimit = 64 << 20
)

// Config is how the embedded server works. The zero value with a Dir, after
// [Config.Defaults], is a server for this machine only that syncs every write.
type Config struct {
	// Dir is the data directory. It is created, readable by its owner only,
	// and locked while the server runs. JetStream keeps its streams in
	// Dir/jetstream.
	Dir string `yaml:"dir"`

	// Host is the address to listen on; default 127.0.0.1. An address that other
	// machines can reach is refused unless credentials are set.
	Host string `yaml:"host"`

	// Port is the TCP port for clients; 0 takes any free one, -1 does not
	// listen at all.
	Port int `yaml:"port"`

	// TLS are the certificate files for clients over TCP.
	TLS tlsfiles.Server `yaml:"tls"`

	// SyncInterval is how long a write may wait for its fsync. "always", the default,
	// syncs before the publish is acknowledged. A duration such as 2m is faster, and a
	// power failure may lose the messages of that time.
	SyncInterval SyncInterval `yaml:"sync_interval"`

	// MaxStore bounds the disk space of all streams, in bytes; with 0 the disk does.
	MaxStore int64 `yaml:"max_store"`

	// MaxMemory bounds the memory of streams that are kept in memory, in bytes; 0 is the
	// server's own bound, three quarters of the machine's memory.
	MaxMemory int64 `yaml:"max_memory"`

	// MaxPayload is the largest message accepted, in bytes; default 8 MiB, at
	// most 64 MiB.
	MaxPayload int32 `yaml:"max_payload"`

	// Access is who may do what: accounts and users in nats-server's own configuration
	// language. Empty lets everybody do everything, in one account.
	Access string `yaml:"-"`

	// Account is the account of Access that takes over the streams of a server that had no
	// accounts before.
	Account string `yaml:"-"`
}

// Defaults returns the configuration with every unset field that has a
// default filled in. Dir has none.
func (c Config) Defaults() Config {
	if c.Host == "" {
		c.Host = defaultHost
	}
	if c.MaxPayload == 0 {
		c.MaxPayload = defaultMaxPayload
	}
	return c
}

// Validate reports every mistake at once, each with its path. It expects a configuration
// to which [Config.Defaults] has been applied.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New(`natsd.dir: want a directory for the log, got ""`))
	}
	if c.Host == "" {
		errs = append(errs, errors.New(`natsd.host: want an address to listen on such as 127.0.0.1, got ""`))
	}
	if c.Port < NoPort || c.Port > math.MaxUint16 {
		errs = append(errs, fmt.Errorf("natsd.port: want 1 to 65535, 0 for any free port or -1 not to listen, got %d", c.Port))
	}
	errs = append(errs, c.TLS.Validate("natsd.tls"))
	if c.SyncInterval < 0 {
		errs = append(errs, fmt.Errorf(`natsd.sync_interval: want "always" or a positive duration, got %s`, time.Duration(c.SyncInterval)))
	}
	if c.MaxStore < 0 {
		errs = append(errs, fmt.Errorf("natsd.max_store: want bytes, or 0 for as many as the disk takes, got %d", c.MaxStore))
	}
	if c.MaxMemory < 0 {
		errs = append(errs, fmt.Errorf("natsd.max_memory: want bytes, or 0 for the server's own choice, got %d", c.MaxMemory))
	}
	if c.MaxPayload < 1 || c.MaxPayload > maxPayloadLimit {
		errs = append(errs, fmt.Errorf("natsd.max_payload: want 1 to %d bytes, got %d", maxPayloadLimit, c.MaxPayload))
	}
	return errors.Join(errs...)
}

// checkOpen refuses a server that others can reach and that lets everybody do everything.
func (c Config) checkOpen() error {
	if c.Port != NoPort && !hostport.IsLoopback(c.Host) && c.Access == "" {
		return fmt.Errorf("natsd.host: want a loopback address while everybody may do everything, got %q", c.Host)
	}
	return nil
}
