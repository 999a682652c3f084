package httpinterface

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// credentials are the user name and password of a request.
type credentials struct{ user, password string }

// readCredentials returns the credentials in the headers X-ClickHouse-User and X-ClickHouse-Key, in basic authentication,
// or in the parameters user and password. As in ClickHouse, a request that mixes these is refused, and one without any is
// from the user "default" with an empty password.
func readCredentials(r *http.Request, params params) (credentials, error) {
	inURL := params.has("user") || params.has("password")
	user, password := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	authorization := r.Header.Get("Authorization")
	switch {
	case user != "" || password != "":
		if user == "" {
			return credentials{}, emptyUser("X-ClickHouse HTTP headers")
		}
		if authorization != "" {
			return credentials{}, mixedCredentials("X-ClickHouse HTTP headers", "Authorization HTTP header")
		}
		if inURL {
			return credentials{}, mixedCredentials("X-ClickHouse HTTP headers", "authentication via parameters")
		}
		return credentials{user: user, password: password}, nil
	case authorization != "":
		if inURL {
			return credentials{}, mixedCredentials("Authorization HTTP header", "authentication via parameters")
		}
		user, password, ok := r.BasicAuth()
		if !ok {
			scheme, _, _ := strings.Cut(authorization, " ")
			return credentials{}, exception.Newf(proto.ErrAuthenticationFailed,
				"Invalid authentication: '%s' HTTP Authorization scheme is not supported", scheme)
		}
		if user == "" {
			return credentials{}, emptyUser("Authorization HTTP header")
		}
		return credentials{user: user, password: password}, nil
	default:
		user, given := params.lookup("user")
		if !given {
			user = "default"
		}
		if user == "" {
			return credentials{}, emptyUser("authentication via parameters")
		}
		return credentials{user: user, password: params.get("password")}, nil
	}
}

func emptyUser(method string) error {
	return exception.Newf(proto.ErrAuthenticationFailed, "Got an empty user name from %s", method)
}

func mixedCredentials(first, second string) error {
	return exception.Newf(proto.ErrAuthenticationFailed,
		"Invalid authentication: it is not allowed to use %s and %s simultaneously", first, second)
}

// refuse answers a request that the guard refuses. Its body is not read.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	failure := exception.Newf(proto.ErrAccessDenied, "%s", err)
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	header.Set("Connection", "close")
	setHeader(header, "X-ClickHouse-Exception-Code", strconv.Itoa(int(failure.Code)))
	w.WriteHeader(httpStatus(failure.Code))
	_, _ = io.WriteString(w, exceptionText(failure, s.engine.Version(), false, false))
}
