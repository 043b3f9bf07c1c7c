package shop

import (
	"context"
	_ "embed"

	"lockstep/shared/operation"
)

// description is the OpenAPI description of this service. A test holds it against the
// operations.
//
//go:embed openapi.yaml
var description []byte

// openAPI answers with the description.
func (s *Service) openAPI(context.Context, operation.Request) (operation.Response, error) {
	return operation.Response{Status: 200, Header: map[string]string{"Content-Type": "application/yaml"}, Body: description}, nil
}
