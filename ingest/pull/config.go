package pull

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Config is what is fetched, and within which bounds.
type Config struct {
	// Timeout is how long one request may take, its answer included.
	Timeout time.Duration `yaml:"timeout"`
	Sources []Source      `yaml:"sources"`
}

// Source is where files of one area are fetched from.
type Source struct {
	// Name is made of letters, digits, - and _.
	Name string `yaml:"name"`
	// URL is http:// or https://, or an absolute path: a directory, whose files are taken, or a
	// file. The last element of a path may be a pattern such as *.xlsx.
	URL string `yaml:"url"`
	// Area is whose figures they are; Dataset and Period complete what a file does not say.
	Area    string `yaml:"area"`
	Dataset string `yaml:"dataset"`
	Period  string `yaml:"period"`
	// Cron is a standard five-field expression or a descriptor such as @daily, in the settings'
	// time zone.
	Cron string `yaml:"cron"`
	// Headers are sent with each request, as "Name: value". ${NAME} in a value stands for a
	// variable of the environment, which keeps secrets out of the settings.
	Headers []string `yaml:"headers"`
	// AllowLocal lets the address be one of this machine, or of the network that only it
	// reaches, where clouds tell machines their secrets.
	AllowLocal bool `yaml:"allow_local"`
}

// DefaultConfig fetches nothing.
func DefaultConfig() Config { return Config{Timeout: time.Minute, Sources: []Source{}} }

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	variable    = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
)

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	if c.Timeout < time.Second || c.Timeout > time.Hour {
		errs = append(errs, fmt.Errorf("pull.timeout: want 1s to 1h, got %s", c.Timeout))
	}
	names := map[string]bool{}
	for i := range c.Sources {
		s := &c.Sources[i]
		report := func(key, format string, args ...any) {
			errs = append(errs, fmt.Errorf("pull.sources[%d].%s: %w", i, key, fmt.Errorf(format, args...)))
		}
		if !namePattern.MatchString(s.Name) {
			report("name", "want letters, digits, - and _, got %q", s.Name)
		}
		if names[s.Name] {
			report("name", "%q occurs twice", s.Name)
		}
		names[s.Name] = true
		if s.Area == "" {
			report("area", "want the code of the area whose figures these are, got none")
		}
		if _, err := cron.ParseStandard(s.Cron); err != nil {
			report("cron", "want five fields (minute hour day month weekday) or @daily and the like, got %q: %w", s.Cron, err)
		}
		if err := s.checkURL(); err != nil {
			report("url", "%w", err)
		}
		for n, header := range s.Headers {
			if err := checkHeader(header); err != nil {
				report(fmt.Sprintf("headers[%d]", n), "%w", err)
			}
		}
	}
	return errors.Join(errs...)
}

// isDirectory reports whether the source is a path of this machine.
func (s *Source) isDirectory() bool { return filepath.IsAbs(s.URL) }

func (s *Source) checkURL() error {
	if s.isDirectory() {
		if _, err := filepath.Match(filepath.Base(s.URL), ""); err != nil {
			return errors.New("the pattern at the end of the path is wrong")
		}
		if len(s.Headers) > 0 {
			return errors.New("headers belong to an address, not to a path")
		}
		return nil
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("want http:// or https://, or an absolute path; got another, which is not shown because it may hold a password")
	}
	if u.User != nil {
		return errors.New("want no password in it; use headers with a variable: Authorization: Basic ${NAME}")
	}
	return nil
}

// checkHeader returns what is wrong with a header, without its value.
func checkHeader(text string) error {
	name, value, ok := strings.Cut(text, ":")
	if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ContainsAny(value, "\r\n") {
		return errors.New("want Name: value; got another text, which is not shown because it may hold a secret")
	}
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Connection", "Content-Length", "Transfer-Encoding", "Range":
		return fmt.Errorf("%s is set by the program", name)
	case "Authorization", "Cookie", "Proxy-Authorization":
		if !variable.MatchString(value) {
			return fmt.Errorf("want the secret in a variable of the environment: %s: ${NAME}", name)
		}
	}
	return nil
}

// headers returns the headers of a request, with the variables filled in.
func (s *Source) headers(lookup func(string) (string, bool)) (http.Header, error) {
	h := http.Header{}
	for _, text := range s.Headers {
		name, value, _ := strings.Cut(text, ":")
		var missing string
		value = variable.ReplaceAllStringFunc(strings.TrimSpace(value), func(m string) string {
			found, ok := lookup(variable.FindStringSubmatch(m)[1])
			if !ok {
				missing = m
			}
			return found
		})
		if missing != "" {
			return nil, fmt.Errorf("header %s: the variable %s is not set in the environment of this process", name, missing)
		}
		h.Add(name, value)
	}
	return h, nil
}
