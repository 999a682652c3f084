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
	Name string `json:"name"`
	// Role is that of the token, or [RoleOperator].
	Role string `json:"role"`
	// Way is how the person came in: [WayToken] or [WayLocal].
	Way string `json:"way"`
}
