package event

import (
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// DecisionKind is what the bureau decided about figures.
type DecisionKind string

// The decisions. After a Lock a changed value in the period needs a reason; an
// Unlock ends that. A Reopen lets the figures of a cell begin again at any stage. Adopt
// puts a catalogue in force from its place in the log on, and AdoptRules the rules. ExplainHeld says why held figures are
// right; a ReleaseHeld has them count from its place on, a RefuseHeld ends them.
const (
	Lock   DecisionKind = "lock"
	Unlock DecisionKind = "unlock"
	Reopen DecisionKind = "reopen"
	Adopt  DecisionKind = "adopt"

	AdoptRules DecisionKind = "adopt_rules"

	ExplainHeld DecisionKind = "explain"
	ReleaseHeld DecisionKind = "release"
	RefuseHeld  DecisionKind = "refuse"

	// RevokeToken ends a token of the gateways for ever. Earlier programs pass over it.
	RevokeToken DecisionKind = "revoke_token"
)

// Decision is the bureau's decision about figures. It is stored in ACCEPTED among the
// figures, so that every reader applies it after the same figures.
type Decision struct {
	Kind DecisionKind `cbor:"1,keyasint" json:"kind"`
	// Period is what a Lock, Unlock or Reopen is about.
	Period string `cbor:"2,keyasint" json:"period"`
	// Indicator and Area limit a Reopen to an indicator and an area; "" is all of them. Of
	// decisions about held figures, Area is whose they are.
	Indicator string `cbor:"3,keyasint,omitempty" json:"indicator,omitempty"`
	Area      string `cbor:"4,keyasint,omitempty" json:"area,omitempty"`
	Reason    string `cbor:"5,keyasint" json:"reason"`
	// By is the name of the Person; decisions of earlier versions have the name alone, as
	// they were told it.
	By string `cbor:"6,keyasint" json:"by"`
	// At is when it was decided, in Unix milliseconds.
	At int64 `cbor:"7,keyasint" json:"at"`
	// Catalogue is the text of the catalogue that an Adopt puts in force.
	Catalogue string `cbor:"8,keyasint,omitempty" json:"-"`
	// Rules is the text of the rules that an AdoptRules puts in force.
	Rules string `cbor:"12,keyasint,omitempty" json:"-"`
	// Submission, and Sequence, its place in SUBMISSIONS, say what an ExplainHeld, ReleaseHeld or
	// RefuseHeld is about: the held rows with the numbers in Rows.
	Submission string   `cbor:"9,keyasint,omitempty" json:"submission,omitempty"`
	Sequence   uint64   `cbor:"10,keyasint,omitempty" json:"sequence,omitempty"`
	Rows       []uint32 `cbor:"11,keyasint,omitempty" json:"rows,omitempty"`
	// Token is the SHA-256 of the secret that a RevokeToken is about, in hexadecimal digits; Area is
	// the area of its holder.
	Token string `cbor:"13,keyasint,omitempty" json:"token,omitempty"`
	// Person is who decided.
	Person Person `cbor:"31,keyasint,omitzero" json:"person,omitzero"`
}

// Decided returns when it was decided.
func (d *Decision) Decided() time.Time { return time.UnixMilli(d.At).UTC() }

// Covers reports whether the decision is a Reopen of the area's figure of the indicator
// in the period.
func (d *Decision) Covers(indicator string, period catalogue.Period, area string) bool {
	return d.Kind == Reopen && d.Period == period.String() &&
		(d.Indicator == "" || d.Indicator == indicator) && (d.Area == "" || d.Area == area)
}

// The ways to come in, as [Person.Way] has them.
const (
	// WayToken is a request to the gateway with a token.
	WayToken = "token"
	// WayLocal is a command on a machine that may use the broker.
	WayLocal = "local"
	// WaySchedule is a job that a schedule has asked for.
	WaySchedule = "schedule"
)

// RoleOperator is the role of those who may use the broker itself.
const RoleOperator = "operator"

// RoleSchedule is the role of a schedule of the settings, which acts in its own name.
const RoleSchedule = "schedule"

// Person is who did something, as it was proven when it was done; nobody says so himself.
type Person struct {
	// Name is the name of the token, or of the operating system's user.
	Name string `cbor:"1,keyasint" json:"name"`
	// Role is that of the token, or [RoleOperator], or [RoleSchedule].
	Role string `cbor:"2,keyasint" json:"role"`
	// Way is how the person came in: [WayToken], [WayLocal] or [WaySchedule].
	Way string `cbor:"3,keyasint" json:"way"`
}

// Identified reports whether a person is named, with role and way.
func (p Person) Identified() bool { return p.Name != "" && p.Role != "" && p.Way != "" }

// String names the person with role and way.
func (p Person) String() string { return p.Name + " (" + p.Role + ", " + p.Way + ")" }
