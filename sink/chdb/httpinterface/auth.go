package httpinterface

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// credentials are the user name and password of a request.
type credentials struct {
	user, password string
	// explicit is set for credentials in X-ClickHouse headers or the URL, which a page of another origin has to know to send.
	// Basic authentication, which a browser repeats by itself, and the default user are not explicit.
	explicit bool
}

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
		return credentials{user: user, password: password, explicit: true}, nil
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
		return credentials{user: user, password: params.get("password"), explicit: inURL}, nil
	}
}

func emptyUser(method string) error {
	return exception.Newf(proto.ErrAuthenticationFailed, "Got an empty user name from %s", method)
}

func mixedCredentials(first, second string) error {
	return exception.Newf(proto.ErrAuthenticationFailed,
		"Invalid authentication: it is not allowed to use %s and %s simultaneously", first, second)
}

// checkOrigin refuses a request, other than GET, that a web page of another origin makes a person's browser send with
// credentials the page does not know. ClickHouse has no such check; without it any page could write to a server on
// loopback.
func checkOrigin(r *http.Request, c credentials) error {
	if c.explicit || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	origin := r.Header.Get("Origin")
	if origin == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "same-origin" || site == "none" {
		return nil
	}
	if at, err := url.Parse(origin); err == nil && origin != "" && at.Host == r.Host && r.Header.Get("Sec-Fetch-Site") == "" {
		return nil
	}
	return exception.Newf(proto.ErrAccessDenied,
		"A page of another origin (%s) may not send queries here without naming user and password itself "+
			"(X-ClickHouse-User and X-ClickHouse-Key)", origin)
}
