package remind

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/outbound"
)

// Config is when somebody is reminded, and who, besides the event on the broker and the line in
// the log.
type Config struct {
	// Steps are rules of the calendar that count from the deadline: "3 working days before the
	// deadline at 09:00". No two may count the same.
	Steps []string `yaml:"steps"`
	// Timeout is how long one attempt at telling a receiver may take, and Attempts how many a
	// run makes, with pauses that grow from a second on.
	Timeout  time.Duration `yaml:"timeout"`
	Attempts int           `yaml:"attempts"`
	Webhooks []Webhook     `yaml:"webhooks"`
	Mail     Mail          `yaml:"mail"`
}

// Webhook is an address that is sent each reminder in JSON.
type Webhook struct {
	// Name is made of letters, digits, - and _.
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
	// Secret is the key of the signature, 16 characters or more; ${NAME} stands for a variable
	// of the environment.
	Secret string `yaml:"secret"`
	// Area is whose reminders it is sent; "" is everybody's.
	Area string `yaml:"area"`
	// AllowLocal lets the address be one of this machine, or of the network that only it reaches.
	AllowLocal bool `yaml:"allow_local"`
}

// Mail is how reminders are sent as letters.
type Mail struct {
	// Server is host:port of the SMTP server; "" sends no letters.
	Server string `yaml:"server"`
	// Security is starttls, tls (from the first byte on) or none.
	Security string `yaml:"security"`
	// User and Password are those of the server; "" does not log in.
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// From is the sender: an address, or a name and an address in <>.
	From string      `yaml:"from"`
	To   []Recipient `yaml:"to"`
}

// Recipient is who gets the letters about an area.
type Recipient struct {
	// Area is the code of the area; "" is every area.
	Area      string   `yaml:"area"`
	Addresses []string `yaml:"addresses"`
	// Language is zh or en; "" is both, Chinese first.
	Language string `yaml:"language"`
}

// The values of Mail.Security.
const (
	startTLS  = "starttls"
	tlsAtOnce = "tls"
	plainText = "none"
)

// DefaultConfig reminds three working days and one before the deadline, and one after it, on the
// broker and in the log alone.
func DefaultConfig() Config {
	return Config{
		Steps:   []string{"3 working days before the deadline at 09:00", "1 working day before the deadline at 09:00", "1 working day after the deadline at 09:00"},
		Timeout: 10 * time.Second, Attempts: 3, Webhooks: []Webhook{}, Mail: Mail{Security: startTLS, To: []Recipient{}},
	}
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	variable    = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)
)

// minSecret is the shortest key of a signature, in characters.
const minSecret = 16

// Validate reports every setting that cannot work, with its place in the setting remind.
func (c Config) Validate() error {
	var errs []error
	report := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("remind.%s: %w", key, fmt.Errorf(format, args...)))
	}
	if _, err := c.steps(); err != nil {
		errs = append(errs, err)
	}
	if c.Timeout < time.Second || c.Timeout > time.Minute {
		report("timeout", "want 1s to 1m, got %s", c.Timeout)
	}
	if c.Attempts < 1 || c.Attempts > 10 {
		report("attempts", "want 1 to 10, got %d", c.Attempts)
	}
	names := map[string]bool{}
	for i := range c.Webhooks {
		w, key := &c.Webhooks[i], fmt.Sprintf("webhooks[%d].", i)
		if !namePattern.MatchString(w.Name) || names[w.Name] {
			report(key+"name", "want letters, digits, - and _, and no name twice, got %q", w.Name)
		}
		names[w.Name] = true
		if err := outbound.CheckURL(w.URL); err != nil {
			report(key+"url", "%w", err)
		}
		if len(w.Secret) < minSecret && !variable.MatchString(w.Secret) {
			report(key+"secret", "want at least %d characters, or a variable of the environment, ${NAME}", minSecret)
		}
	}
	c.Mail.validate(report)
	return errors.Join(errs...)
}

func (m *Mail) validate(report func(key, format string, args ...any)) {
	if m.Server == "" {
		if len(m.To) > 0 {
			report("mail.server", "want host:port of the SMTP server that the letters to mail.to go to, got none")
		}
		return
	}
	host, port, err := net.SplitHostPort(m.Server)
	if n, numeric := strconv.Atoi(port); err != nil || host == "" || numeric != nil || n < 1 || n > 65535 {
		report("mail.server", "want host:port such as smtp.example:587, got %q", m.Server)
	}
	if !slices.Contains([]string{startTLS, tlsAtOnce, plainText}, m.Security) {
		report("mail.security", "want starttls, tls or none, got %q", m.Security)
	}
	if (m.User == "") != (m.Password == "") {
		report("mail.user", "want mail.user and mail.password together, got one of them")
	}
	if m.User != "" && m.Security == plainText {
		report("mail.security", "want starttls or tls, as the password would go over the network in plain text")
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		report("mail.from", "want an address such as 统计局 <tally@example.org>, got %q", m.From)
	}
	for i := range m.To {
		to, key := &m.To[i], fmt.Sprintf("mail.to[%d].", i)
		if len(to.Addresses) == 0 {
			report(key+"addresses", "want at least one address")
		}
		for j, address := range to.Addresses {
			if _, err := mail.ParseAddress(address); err != nil {
				report(fmt.Sprintf("%saddresses[%d]", key, j), "want an address such as name@example.org, got %q", address)
			}
		}
		if !slices.Contains([]string{"", "zh", "en"}, to.Language) {
			report(key+"language", "want zh, en, or nothing for both, got %q", to.Language)
		}
	}
}

// step is a rule around the deadline.
type step struct {
	name string // how it counts, without the time of day: the step stays the same when that changes
	rule calendar.Rule
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// steps returns the steps as rules.
func (c Config) steps() ([]step, error) {
	var all []step
	var errs []error
	for i, text := range c.Steps {
		s := step{}
		if err := s.rule.UnmarshalText([]byte(text)); err != nil || !s.rule.CountsFromDeadline() {
			errs = append(errs, fmt.Errorf(`remind.steps[%d]: want a rule such as "3 working days before the deadline at 09:00" or "1 day after the deadline", got %q`, i, text))
			continue
		}
		counts, _, _ := strings.Cut(strings.TrimSuffix(s.rule.String(), "s"), " the deadline")
		s.name = notInName.ReplaceAllString(counts, "-")
		if slices.ContainsFunc(all, func(other step) bool { return other.name == s.name }) {
			errs = append(errs, fmt.Errorf("remind.steps[%d]: another step counts the same as %q", i, text))
		}
		all = append(all, s)
	}
	return all, errors.Join(errs...)
}

// key returns the key of a webhook's signature.
func (w *Webhook) key() ([]byte, error) {
	m := variable.FindStringSubmatch(w.Secret)
	if m == nil {
		return []byte(w.Secret), nil
	}
	value := os.Getenv(m[1])
	if len(value) < minSecret {
		return nil, fmt.Errorf("the variable %s is not set in the environment of this process, or has fewer than %d characters", m[0], minSecret)
	}
	return []byte(value), nil
}

// languages returns those of a letter, in their order.
func (r *Recipient) languages() []string {
	if r.Language == "" {
		return []string{"zh", "en"}
	}
	return []string{r.Language}
}

// concerns reports whether receivers for an area, all for "", are told of another's reminders.
func concerns(area, of string) bool { return cmp.Or(area, of) == of }
