package event

// The ways to come in, as [Person.Way] has them.
const (
	// WayToken is a request to the gateway with a token.
	WayToken = "token"
	// WayLocal is a command on a machine that may use the broker.
	WayLocal = "local"
)

// RoleOperator is the role of those who may use the broker itself.
const RoleOperator = "operator"

// Person is who did something, as it was proven when it was done; nobody says so himself.
type Person struct {
	// Name is the name of the token, or of the operating system's user.
	Name string `cbor:"1,keyasint" json:"name"`
	// Role is that of the token, or [RoleOperator].
	Role string `cbor:"2,keyasint" json:"role"`
	// Way is how the person came in: [WayToken] or [WayLocal].
	Way string `cbor:"3,keyasint" json:"way"`
}

// Identified reports whether a person is named, with role and way.
func (p Person) Identified() bool { return p.Name != "" && p.Role != "" && p.Way != "" }

// String names the person with role and way.
func (p Person) String() string { return p.Name + " (" + p.Role + ", " + p.Way + ")" }
