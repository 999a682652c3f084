package configs

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the zone database, for machines that have none

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/hostport"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/schedule"
)

// Validate reports every setting that cannot work, alone or with the others,
// each with its path.
func (s *Settings) Validate() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		report("time_zone: want an IANA name such as Asia/Shanghai, got %q", s.TimeZone)
	}
	if level, err := zerolog.ParseLevel(s.Log.Level); err != nil || level < zerolog.TraceLevel || level > zerolog.ErrorLevel {
		report("log.level: want trace, debug, info, warn or error, got %q", s.Log.Level)
	}
	if !slices.Contains([]string{"auto", "console", "json"}, s.Log.Format) {
		report("log.format: want auto, console or json, got %q", s.Log.Format)
	}
	for i, host := range s.HTTPHosts {
		if !hostport.IsHost(host) {
			report("http_hosts[%d]: want a name such as tally.example or an IP address, without port, got %q", i, host)
		}
	}
	errs = append(errs, s.TLS.Validate("tls"))
	errs = append(errs, s.validateNATS()...)
	errs = append(errs, s.Streams.Validate())
	errs = append(errs, s.validateClickHouse()...)
	errs = append(errs, s.Ingest.Validate(), s.Drop.Validate(), s.Pull.Validate(), s.Transform.Validate(), s.Remind.Validate())
	store := s.Sink
	store.Cluster = s.ClickHouse.Cluster
	errs = append(errs, store.Validate())
	for i := range s.Transform.Schedules {
		if s.Backup.Dir == "" && s.Transform.Schedules[i].JobName() == schedule.Backup {
			report("backup.dir: want a directory for transform.schedules[%d], which backs up", i)
		}
	}
	errs = append(errs, s.validateOperations()...)
	errs = append(errs, s.validatePorts()...)
	return errors.Join(errs...)
}

func (s *Settings) validateNATS() []error {
	n := &s.NATS
	if n.URL == "" {
		errs := []error{rebasePaths(s.EmbeddedNATS().Validate(), "natsd", "nats.embedded")}
		for _, set := range []struct{ path, value string }{
			{"user", n.User}, {"password", n.Password}, {"credentials_file", n.CredentialsFile},
			{"tls.ca_file", n.TLS.CAFile}, {"tls.cert_file", n.TLS.CertFile}, {"tls.key_file", n.TLS.KeyFile},
		} {
			if set.value != "" {
				errs = append(errs, fmt.Errorf("nats.%s: belongs to the server at nats.url, which is not set", set.path))
			}
		}
		if s.Streams.Replicas > 1 {
			errs = append(errs, fmt.Errorf("streams.replicas: want 1 with the embedded server, got %d; set nats.url to a cluster", s.Streams.Replicas))
		}
		return errs
	}
	var errs []error
	for address := range strings.SplitSeq(n.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			errs = append(errs, errors.New("nats.url: want addresses such as nats://host:4222 or tls://host:4222; got another, which is not shown because it may hold a password"))
		}
	}
	if (n.User == "") != (n.Password == "") {
		errs = append(errs, errors.New("nats.user: want nats.user and nats.password together, got one of them"))
	}
	if n.User != "" && n.CredentialsFile != "" {
		errs = append(errs, errors.New("nats.credentials_file: want either a credentials file or a user with a password, got both"))
	}
	return append(errs, n.TLS.Validate("nats.tls"))
}

func (s *Settings) validateClickHouse() []error {
	if s.ClickHouse.DSN == "" {
		c := s.EmbeddedClickHouse()
		if c.Library == "" {
			c.Library = "fetched when it starts"
		}
		c.Users = slices.Clone(c.Users)
		for i := range c.Users { // a user without a password is given one at the start
			c.Users[i].Password = cmp.Or(c.Users[i].Password, "made when it starts")
		}
		if s.ClickHouse.Cluster != "" {
			return []error{fmt.Errorf("clickhouse.cluster: want clickhouse.dsn beside it, got %q without; the embedded server is one by itself", s.ClickHouse.Cluster)}
		}
		if s.ClickHouse.User != "" || s.ClickHouse.Password != "" {
			return []error{errors.New("clickhouse.user: want clickhouse.dsn beside it; those of the embedded server are clickhouse.embedded.users")}
		}
		return []error{rebasePaths(c.Validate(), "chdb", "clickhouse.embedded")}
	}
	options, err := sink.ParseDSN(s.ClickHouse.DSN)
	if err != nil {
		return []error{fmt.Errorf("clickhouse.dsn: %w", err)}
	}
	named := options.Auth.Username != "" || options.Auth.Password != ""
	switch {
	case s.ClickHouse.User == "" && s.ClickHouse.Password != "":
		return []error{errors.New("clickhouse.user: want the user whose password clickhouse.password is, got none")}
	case s.ClickHouse.User != "" && named:
		return []error{errors.New("clickhouse.user: want either clickhouse.user and clickhouse.password or a user in clickhouse.dsn, got both")}
	}
	return nil
}

// validatePorts reports two servers of this program on one port.
func (s *Settings) validatePorts() []error {
	type listener struct {
		path string
		port int
	}
	var listeners []listener
	for _, address := range []struct{ path, text string }{{"ingest.address", s.Ingest.Address}, {"operations.address", s.Operations.Address}} {
		if _, port, err := hostport.Split(address.text, ""); err == nil {
			listeners = append(listeners, listener{address.path, port})
		}
	}
	if s.NATS.URL == "" {
		listeners = append(listeners, listener{"nats.embedded.port", s.NATS.Embedded.Port})
	}
	if s.ClickHouse.DSN == "" {
		listeners = append(listeners,
			listener{"clickhouse.embedded.http_port", s.ClickHouse.Embedded.HTTPPort},
			listener{"clickhouse.embedded.native_port", s.ClickHouse.Embedded.NativePort})
	}
	var errs []error
	taken := map[int]string{}
	for _, l := range listeners {
		if first := taken[l.port]; first != "" && l.port > 0 {
			errs = append(errs, fmt.Errorf("%s: want another port than %s, got %d for both", l.path, first, l.port))
		}
		taken[l.port] = l.path
	}
	return errs
}

// rebasePaths changes the beginning of the paths in a part's mistakes to the part's place in
// the settings.
func rebasePaths(err error, from, to string) error {
	var errs []error
	for _, e := range strict.Flatten(err) {
		errs = append(errs, errors.New(strings.ReplaceAll(e.Error(), from+".", to+".")))
	}
	return errors.Join(errs...)
}
