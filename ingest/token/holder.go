package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// AnyArea is the area of a token for every area: the bureau's.
const AnyArea = "*"

// Role is what a token is for.
type Role string

// The roles. A district sends figures of its area and sees what became of them; the bureau does
// so for every area; an analyst reads.
const (
	District Role = "district"
	Bureau   Role = "bureau"
	Analyst  Role = "analyst"
)

// Roles returns every role.
func Roles() []Role { return []Role{District, Bureau, Analyst} }

// UsualRole returns the role of a token for which none is given.
func UsualRole(area string) Role {
	if area == AnyArea {
		return Bureau
	}
	return District
}

// Holder is whom a token was given to, and what it lets them do.
type Holder struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Area is an area's code, or [AnyArea].
	Area string `json:"area"`
	// Expires is when the token ends; the zero time is never.
	Expires time.Time `json:"expires,omitzero"`
	// Token is the id of the token that was presented, where one was.
	Token string `json:"-"`

	presented Fingerprint // of that token
}

// Presented returns the fingerprint of the token that was presented, where one was.
func (h Holder) Presented() (f Fingerprint, ok bool) {
	return h.presented, h.presented != Fingerprint{}
}

// MaySee reports whether the holder may see what became of an area's submissions.
func (h Holder) MaySee(area string) bool { return h.Area == AnyArea || h.Area == area }

// MaySend reports whether the holder may submit for the area.
func (h Holder) MaySend(area string) bool { return h.Role != Analyst && h.MaySee(area) }

// Person returns the holder as events name whoever used a token.
func (h Holder) Person() event.Person {
	return event.Person{Name: h.Name, Role: string(h.Role), Way: event.WayToken}
}

// Check returns everything that is wrong with the holder. A nil catalogue has every area.
func (h Holder) Check(cat *catalogue.Catalogue) error {
	var errs []error
	switch _, known := area(cat, h.Area); {
	case h.Area == "":
		errs = append(errs, fmt.Errorf(`area: want an area's code, or %q for all, got ""`, AnyArea))
	case !known:
		errs = append(errs, fmt.Errorf("area: want an area of the catalogue, or %q for all, got %q", AnyArea, h.Area))
	}
	if h.Name == "" || len(h.Name) > 200 || strings.ContainsFunc(h.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		errs = append(errs, errors.New("name: want one line of 1 to 200 bytes"))
	}
	switch {
	case !slices.Contains(Roles(), h.Role):
		errs = append(errs, fmt.Errorf("role: want %s, %s or %s, got %q", District, Bureau, Analyst, h.Role))
	case h.Role == District && h.Area == AnyArea:
		errs = append(errs, fmt.Errorf("role: a district has one area; for %q want %s or %s", AnyArea, Bureau, Analyst))
	case h.Role == Bureau && h.Area != AnyArea && h.Area != "":
		errs = append(errs, fmt.Errorf("area: the bureau has every area; want %q, or the role %s", AnyArea, District))
	}
	return errors.Join(errs...)
}

func area(cat *catalogue.Catalogue, code string) (*catalogue.Area, bool) {
	if cat == nil || code == AnyArea {
		return nil, true
	}
	return cat.Area(code)
}

// ParseExpiry reads when a token ends: a date, whose end in the zone it is, or an instant in the
// form of RFC 3339. "" is never.
func ParseExpiry(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day.AddDate(0, 0, 1).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("expires: want a date such as 2027-12-31, or 2027-12-31T18:00:00+08:00, got %q", text)
	}
	return at.UTC(), nil
}

// hash is the SHA-256 of a secret.
type hash [sha256.Size]byte

// Fingerprint stands for a secret, which it does not tell.
type Fingerprint struct{ hash hash }

// FingerprintOf returns the fingerprint of a secret.
func FingerprintOf(secret string) Fingerprint { return Fingerprint{hashOf(secret)} }

func hashOf(secret string) hash { return sha256.Sum256([]byte(secret)) }

// idLength is how many hexadecimal digits of the hash name a token: enough to tell tokens apart,
// and of no use to anybody who wants to get in.
const idLength = 12

// id names the token to people.
func (h hash) id() string { return h.String()[:idLength] }

func (h hash) String() string { return hex.EncodeToString(h[:]) }

func parseHash(text string) (hash, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != sha256.Size {
		return hash{}, errors.New("want 64 hexadecimal digits")
	}
	return hash(b), nil
}

// newSecret returns 256 random bits as text.
func newSecret() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails
	return "ct_" + base64.RawURLEncoding.EncodeToString(bits[:])
}
