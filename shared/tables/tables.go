// Package tables creates tables from template.yaml's own definitions, for
// DynamoDB Local: what is tested has the keys of what is deployed.
package tables

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.yaml.in/yaml/v3"
)

// Definition is what a template says of one table, as far as it matters locally.
type Definition struct {
	Attributes []struct {
		Name string                    `yaml:"AttributeName"`
		Type types.ScalarAttributeType `yaml:"AttributeType"`
	} `yaml:"AttributeDefinitions"`
	Keys []struct {
		Name string        `yaml:"AttributeName"`
		Type types.KeyType `yaml:"KeyType"`
	} `yaml:"KeySchema"`
	Stream struct {
		View types.StreamViewType `yaml:"StreamViewType"`
	} `yaml:"StreamSpecification"`
	TimeToLive struct {
		Attribute string `yaml:"AttributeName"`
	} `yaml:"TimeToLiveSpecification"`
}

// Parse returns the tables that a SAM template defines, by logical id.
func Parse(template []byte) (map[string]Definition, error) {
	var t struct {
		Resources map[string]struct {
			Type       string     `yaml:"Type"`
			Properties Definition `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(template, &t); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	all := map[string]Definition{}
	for name, resource := range t.Resources {
		if resource.Type == "AWS::DynamoDB::Table" {
			all[name] = resource.Properties
		}
	}
	return all, nil
}

// Create creates the template's tables under their logical ids. A table that is
// there already is left as it is.
func Create(ctx context.Context, client *dynamodb.Client, template []byte) error {
	all, err := Parse(template)
	if err != nil {
		return err
	}
	for name, d := range all {
		if err := create(ctx, client, name, d); err != nil {
			return fmt.Errorf("create table %s: %w", name, err)
		}
	}
	return nil
}

func create(ctx context.Context, client *dynamodb.Client, name string, d Definition) error {
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	for _, a := range d.Attributes {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(a.Name), AttributeType: a.Type})
	}
	for _, k := range d.Keys {
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String(k.Name), KeyType: k.Type})
	}
	if d.Stream.View != "" {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: d.Stream.View}
	}
	var exists *types.ResourceInUseException
	if _, err := client.CreateTable(ctx, in); errors.As(err, &exists) {
		return nil
	} else if err != nil || d.TimeToLive.Attribute == "" {
		return err
	}
	_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(d.TimeToLive.Attribute), Enabled: aws.Bool(true)},
	})
	return err
}
