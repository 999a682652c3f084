package chdb

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/hostport"
	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/sink/chdb/confine"
	"github.com/citytally/citytally/sink/chdb/engine"
)

const (
	// Database is the name of the database that every server has and DSNs use.
	Database = "citytally"

	// ChildCommand is the subcommand of this program that runs [Child], unless
	// [Config.Command] names another program.
	ChildCommand = "chdb-child"
)

// Config is the configuration of a [Server].
type Config struct {
	// Dir is the data directory. It is created if absent, readable by its owner
	// only, and locked while the server runs.
	Dir string `yaml:"dir"`

	// Library is the path of libchdb, as libchdb.Fetch returns it.
	Library string `yaml:"library"`

	// Host is the address both protocols listen on; default 127.0.0.1. Where
	// other machines can reach it, every user needs a password.
	Host string `yaml:"host"`

	// Hosts are names that the HTTP interface is called by besides loopback, Host and
	// the address of the connection.
	Hosts []string `yaml:"-"`

	// HTTPPort and NativePort are the TCP ports; 0 takes any free one.
	HTTPPort   int `yaml:"http_port"`
	NativePort int `yaml:"native_port"`

	// TLS are the certificate files of both protocols. With them the server listens for the
	// native protocol once more, on a port of this machine alone, where [Server.DSN] leads.
	TLS tlsfiles.Server `yaml:"tls"`

	// Users may connect; at least one of them may write.
	Users []engine.User `yaml:"users"`

	// Databases are those in which users who may write do so; a * at the end of a name
	// stands for the rest of it. Default [Database], and default for what needs no name.
	Databases []string `yaml:"-"`

	// Readable are the views and tables that users who may only read see: database.name,
	// or database.*. Default all of [Database].
	Readable []string `yaml:"-"`

	// MaxMemory bounds the memory of all queries and inserts together, in bytes;
	// 0 leaves the bound to the engine, which is most of the machine's memory.
	MaxMemory int64 `yaml:"max_memory"`

	// Confine says whether the operating system keeps the engine from other files,
	// the network and other programs; default auto, which applies what the kernel
	// has.
	Confine confine.Mode `yaml:"confine"`

	// RestartTo is the longest pause before a crashed engine is started again; the
	// pauses begin at 100 ms and double, and there is no last one. Default 10s.
	RestartTo time.Duration `yaml:"restart_to"`

	// CrashIsAway makes [Start] return a server although its first child has
	// crashed, as if it had crashed later. What a child says itself stays an error, but for a full disk.
	CrashIsAway bool `yaml:"-"`

	// StartTimeout bounds the time until the engine serves, loading its tables
	// included; default 1m.
	StartTimeout time.Duration `yaml:"start_timeout"`

	// StopTimeout is how long the engine may take to end before it is killed,
	// which loses nothing acknowledged; default 30s.
	StopTimeout time.Duration `yaml:"stop_timeout"`

	// Command is the program that runs [Child], and its arguments; no shell is
	// involved. Default: this program with [ChildCommand].
	Command []string `yaml:"-"`

	// Logger receives the server's own events and the engine's output.
	Logger zerolog.Logger `yaml:"-"`
}

// Defaults returns the configuration with defaults in place of unset fields,
// except Command, whose default [Start] finds.
func (c Config) Defaults() Config {
	if c.Host == "" {
		c.Host = "127.0.0.1"
	}
	if len(c.Databases) == 0 {
		c.Databases = []string{Database, "default"}
	}
	if len(c.Readable) == 0 {
		c.Readable = []string{Database + ".*"}
	}
	if c.Confine == "" {
		c.Confine = confine.Auto
	}
	if c.RestartTo == 0 {
		c.RestartTo = 10 * time.Second
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = time.Minute
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 30 * time.Second
	}
	return c
}

// Validate reports every mistake at once, each with its path. It expects a
// configuration to which [Config.Defaults] has been applied.
// No message contains a password.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New(`chdb.dir: want a directory for the tables, got ""`))
	}
	if c.Library == "" {
		errs = append(errs, errors.New(`chdb.library: want the path of libchdb, got ""`))
	}
	if c.Host == "" {
		errs = append(errs, errors.New(`chdb.host: want an address to listen on such as 127.0.0.1, got ""`))
	}
	for _, port := range []struct {
		path   string
		number int
	}{{"http_port", c.HTTPPort}, {"native_port", c.NativePort}} {
		if port.number < 0 || port.number > math.MaxUint16 {
			errs = append(errs, fmt.Errorf("chdb.%s: want 1 to 65535, or 0 for any free port, got %d", port.path, port.number))
		}
	}
	if c.HTTPPort != 0 && c.HTTPPort == c.NativePort {
		errs = append(errs, fmt.Errorf("chdb.native_port: want another port than chdb.http_port, got %d for both", c.HTTPPort))
	}
	errs = append(errs, c.TLS.Validate("chdb.tls"))
	if c.MaxMemory < 0 {
		errs = append(errs, fmt.Errorf("chdb.max_memory: want bytes, or 0 for the engine's own choice, got %d", c.MaxMemory))
	}
	if err := c.Confine.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("chdb.confine: %w", err))
	}
	for _, duration := range []struct {
		path  string
		value time.Duration
	}{{"restart_to", c.RestartTo}, {"start_timeout", c.StartTimeout}, {"stop_timeout", c.StopTimeout}} {
		if duration.value <= 0 {
			errs = append(errs, fmt.Errorf("chdb.%s: want a positive duration, got %s", duration.path, duration.value))
		}
	}
	return errors.Join(append(errs, c.validateUsers()...)...)
}

func (c Config) validateUsers() []error {
	var errs []error
	seen := make(map[string]bool, len(c.Users))
	writer := false
	for i, user := range c.Users {
		if user.Name == "" {
			errs = append(errs, fmt.Errorf(`chdb.users[%d].name: want a name, got ""`, i))
		}
		if seen[user.Name] {
			errs = append(errs, fmt.Errorf("chdb.users[%d].name: want each name once, got %q again", i, user.Name))
		}
		if user.Password == "" && c.Host != "" && !hostport.IsLoopback(c.Host) {
			errs = append(errs, fmt.Errorf("chdb.users[%d].password: want one where others can connect (chdb.host is %q), got none", i, c.Host))
		}
		seen[user.Name] = true
		writer = writer || !user.ReadOnly
	}
	if !writer {
		errs = append(errs, errors.New("chdb.users: want at least one user who may write, got none"))
	}
	return errs
}
