package compute

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/failure"
)

// userRequest is what every POST has: a user, in the body, and an address.
type userRequest struct {
	Caller string `caller:""`
	Body   []byte `body:"raw"`
}

// fields are a body's members, not yet read.
type fields map[string]jsontext.Value

// call is a request of a user who is known.
type call struct {
	fields
	user, address string
}

// admit checks the user of a request and counts the login. Each is logged: who logs in,
// who fails to. Errors: failure.Unauthorized, the store's.
func (s *Service) admit(ctx context.Context, in userRequest) (call, error) {
	var all fields
	if err := json.Unmarshal(in.Body, &all); err != nil || all == nil {
		return call{}, s.unauthorized(ctx, in.Caller, "", "the body is no JSON object")
	}
	name, password := text(all["username"]), text(all["password"])
	if !known(name, password) {
		return call{}, s.unauthorized(ctx, in.Caller, name, "user info error")
	}
	if err := s.Store.CountLogin(ctx, name); err != nil {
		return call{}, err
	}
	s.server().InfoContext(ctx, "login", "address", in.Caller, "username", name)
	return call{all, name, in.Caller}, nil
}

// unauthorized logs a failed login. What was sent as the name may be anything.
func (s *Service) unauthorized(ctx context.Context, address, name, why string) error {
	s.server().WarnContext(ctx, "failed login", "address", address, "username", name[:min(len(name), 64)], "error", why)
	return failure.New(failure.Unauthorized, "user info error")
}

// refuse logs an input that is refused, and returns the error that says so.
func (s *Service) refuse(ctx context.Context, c call, err error) error {
	if f := failure.Of(err); f.Code == failure.Invalid {
		s.server().WarnContext(ctx, "refused input", "address", c.address, "username", c.user, "error", f.Message)
	}
	return err
}

// text is a JSON string's text, and "" for anything else.
func text(v jsontext.Value) string {
	var t string
	if v.Kind() != '"' || json.Unmarshal(v, &t) != nil {
		return ""
	}
	return t
}

// nameLength is that of a user's name, in digits.
const nameLength = 4

// known says whether that is a user and its password, and takes the same time whatever
// of them is wrong.
func known(name, password string) bool {
	digits := 0
	if len(name) == nameLength { // that is no secret
		digits = 1
	}
	for i := range nameLength {
		c := byte('x')
		if i < len(name) {
			c = name[i]
		}
		digits &= subtle.ConstantTimeLessOrEq('0', int(c)) & subtle.ConstantTimeLessOrEq(int(c), '9')
	}
	// Digests have one length, whatever was sent.
	want, have := sha256.Sum256([]byte(name+"-pw")), sha256.Sum256([]byte(password))
	return digits&subtle.ConstantTimeCompare(want[:], have[:]) == 1
}
