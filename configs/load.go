package configs

import (
	"errors"
	"fmt"
	"os"

	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/configs/tlsfiles"
)

// Load returns the defaults, overlaid with the YAML file at path, unless path is empty, and
// with the variables of environ, and checked. The error lists every mistake, one on each
// line, with its line in the file or its variable. It never shows a secret.
func Load(path string, environ []string) (*Settings, error) { return load(path, environ, false) }

// LoadOneOfTwo is Load for a program that uses two sets of settings with one environment: the user and
// password of a server that these do not name belong to the other set's.
func LoadOneOfTwo(path string, environ []string) (*Settings, error) { return load(path, environ, true) }

func load(path string, environ []string, oneOfTwo bool) (*Settings, error) {
	settings := Default()
	d := strict.NewDecoder(path, settings)
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		d.Document(text)
	}
	broker, store := settings.NATS, settings.ClickHouse
	applyEnvironment(d, environ, settings)
	if n := &settings.NATS; oneOfTwo && n.URL == "" {
		n.User, n.Password, n.CredentialsFile, n.TLS = broker.User, broker.Password, broker.CredentialsFile, broker.TLS
	}
	if c := &settings.ClickHouse; oneOfTwo && c.DSN == "" {
		c.User, c.Password = store.User, store.Password
	}
	d.Add(settings.Validate())
	if err := d.Err(); err != nil {
		return nil, err
	}
	return settings, nil
}

// Check loads the settings, the catalogue and the calendar, and looks for every file that the settings name.
// It reports mistakes as [Load] does.
func Check(path string, environ []string) error {
	settings, err := Load(path, environ)
	if err != nil {
		return err
	}
	c, err := settings.LoadCatalogue()
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	if _, err := settings.LoadCalendar(c); err != nil {
		return fmt.Errorf("calendar: %w", err)
	}
	var errs []error
	if _, err := settings.LoadRules(c); err != nil {
		errs = append(errs, fmt.Errorf("rules: %w", err))
	}
	for i, schedule := range settings.Transform.Schedules {
		if _, ok := c.Indicator(schedule.Indicator); schedule.Indicator != "" && !ok {
			errs = append(errs, fmt.Errorf("transform.schedules[%d].indicator: want an indicator of the catalogue, got %q", i, schedule.Indicator))
		}
		if _, ok := c.Area(schedule.Area); schedule.Area != "" && !ok {
			errs = append(errs, fmt.Errorf("transform.schedules[%d].area: want an area of the catalogue, got %q", i, schedule.Area))
		}
	}
	for i, w := range settings.Remind.Webhooks {
		if _, ok := c.Area(w.Area); !ok && w.Area != "" {
			errs = append(errs, fmt.Errorf("remind.webhooks[%d].area: want an area of the catalogue, got %q", i, w.Area))
		}
	}
	for i, to := range settings.Remind.Mail.To {
		if _, ok := c.Area(to.Area); !ok && to.Area != "" {
			errs = append(errs, fmt.Errorf("remind.mail.to[%d].area: want an area of the catalogue, got %q", i, to.Area))
		}
	}
	for i, source := range settings.Pull.Sources {
		if _, ok := c.Area(source.Area); !ok {
			errs = append(errs, fmt.Errorf("pull.sources[%d].area: want an area of the catalogue, got %q", i, source.Area))
		}
		if _, ok := c.Dataset(source.Dataset); !ok && source.Dataset != "" {
			errs = append(errs, fmt.Errorf("pull.sources[%d].dataset: want a dataset of the catalogue, got %q", i, source.Dataset))
		}
	}
	files := []struct{ path, name string }{
		{"nats.credentials_file", settings.NATS.CredentialsFile}, {"nats.tls.ca_file", settings.NATS.TLS.CAFile},
		{"nats.tls.cert_file", settings.NATS.TLS.CertFile}, {"nats.tls.key_file", settings.NATS.TLS.KeyFile},
		{"tls.ca_file", settings.TLS.CAFile}, {"tls.cert_file", settings.TLS.CertFile}, {"tls.key_file", settings.TLS.KeyFile},
		{"clickhouse.embedded.library", settings.ClickHouse.Embedded.Library},
	}
	for _, server := range []struct {
		path  string
		files tlsfiles.Server
	}{
		{"nats.embedded.tls", settings.NATS.Embedded.TLS}, {"clickhouse.embedded.tls", settings.ClickHouse.Embedded.TLS},
		{"ingest.tls", settings.Ingest.TLS}, {"operations.tls", settings.Operations.TLS},
	} {
		if !server.files.IsSet() {
			continue
		}
		m, err := server.files.Read()
		if err == nil {
			_, err = m.Config()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", server.path, err))
		}
	}
	for _, file := range files {
		if file.name == "" {
			continue
		}
		if _, err := os.Stat(file.name); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file.path, err))
		}
	}
	return errors.Join(errs...)
}
