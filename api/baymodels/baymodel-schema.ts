import { templateBody } from '../cluster-templates/template-schema.js';
import { requiredText, textLike } from '../fields.js';

const IPV4 = /^\s*(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\s*$/;

/** Of a template that was made as a cluster template, and has what no baymodel could have been made with. */
export const formerTemplateBody = templateBody.omit({ driver: true });

/** A template's fields, with one name server at most, and a keypair: bays have none of their own. */
export const baymodelBody = formerTemplateBody.extend({
  keypair_id: requiredText(),
  dns_nameserver: textLike(IPV4, 'one IPv4 address'),
});
